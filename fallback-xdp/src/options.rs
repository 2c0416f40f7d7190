// What clang is told, here and by the build script. Headers are read and written by words of all sizes. Without built-in functions: BPF has no library to call for what clang takes for a large
// memset.
const OPTIONS: [&str; 12] = [
    "-O2",
    "-g",
    "-fno-builtin",
    "-fno-strict-aliasing",
    "-target",
    "bpf",
    "-mcpu=v3",
    "-Wall",
    "-Werror",
    "-Wno-unused-function",
    "-Wno-unused-label",
    "-Wno-unused-variable",
];
