// SPDX-License-Identifier: Apache-2.0
//
// The collect tables of TERMS / 8 bytes, in groups of 64 terms: COLLECT_TABLES declares them, COLLECT_ALL applies them.

#define COLLECT_TABLES_0 \
    COLLECT_TABLE(0, 7, 0, gathered_a) \
    COLLECT_TABLE(1, 15, 8, gathered_b) \
    COLLECT_TABLE(2, 23, 16, gathered_c) \
    COLLECT_TABLE(3, 31, 24, gathered_d) \
    COLLECT_TABLE(4, 39, 32, gathered_a) \
    COLLECT_TABLE(5, 47, 40, gathered_b) \
    COLLECT_TABLE(6, 55, 48, gathered_c) \
    COLLECT_TABLE(7, 63, 56, gathered_d)
#define COLLECT_ALL_0 \
    if (meta.terms[63:0] != 0) { \
        COLLECT(0, 7, 0) \
        COLLECT(1, 15, 8) \
        COLLECT(2, 23, 16) \
        COLLECT(3, 31, 24) \
        COLLECT(4, 39, 32) \
        COLLECT(5, 47, 40) \
        COLLECT(6, 55, 48) \
        COLLECT(7, 63, 56) \
    }

#if TERMS > 64
#define COLLECT_TABLES_1 \
    COLLECT_TABLE(8, 71, 64, gathered_a) \
    COLLECT_TABLE(9, 79, 72, gathered_b) \
    COLLECT_TABLE(10, 87, 80, gathered_c) \
    COLLECT_TABLE(11, 95, 88, gathered_d) \
    COLLECT_TABLE(12, 103, 96, gathered_a) \
    COLLECT_TABLE(13, 111, 104, gathered_b) \
    COLLECT_TABLE(14, 119, 112, gathered_c) \
    COLLECT_TABLE(15, 127, 120, gathered_d)
#define COLLECT_ALL_1 \
    if (meta.terms[127:64] != 0) { \
        COLLECT(8, 71, 64) \
        COLLECT(9, 79, 72) \
        COLLECT(10, 87, 80) \
        COLLECT(11, 95, 88) \
        COLLECT(12, 103, 96) \
        COLLECT(13, 111, 104) \
        COLLECT(14, 119, 112) \
        COLLECT(15, 127, 120) \
    }
#else
#define COLLECT_TABLES_1
#define COLLECT_ALL_1
#endif

#if TERMS > 128
#define COLLECT_TABLES_2 \
    COLLECT_TABLE(16, 135, 128, gathered_a) \
    COLLECT_TABLE(17, 143, 136, gathered_b) \
    COLLECT_TABLE(18, 151, 144, gathered_c) \
    COLLECT_TABLE(19, 159, 152, gathered_d) \
    COLLECT_TABLE(20, 167, 160, gathered_a) \
    COLLECT_TABLE(21, 175, 168, gathered_b) \
    COLLECT_TABLE(22, 183, 176, gathered_c) \
    COLLECT_TABLE(23, 191, 184, gathered_d)
#define COLLECT_ALL_2 \
    if (meta.terms[191:128] != 0) { \
        COLLECT(16, 135, 128) \
        COLLECT(17, 143, 136) \
        COLLECT(18, 151, 144) \
        COLLECT(19, 159, 152) \
        COLLECT(20, 167, 160) \
        COLLECT(21, 175, 168) \
        COLLECT(22, 183, 176) \
        COLLECT(23, 191, 184) \
    }
#else
#define COLLECT_TABLES_2
#define COLLECT_ALL_2
#endif

#if TERMS > 192
#define COLLECT_TABLES_3 \
    COLLECT_TABLE(24, 199, 192, gathered_a) \
    COLLECT_TABLE(25, 207, 200, gathered_b) \
    COLLECT_TABLE(26, 215, 208, gathered_c) \
    COLLECT_TABLE(27, 223, 216, gathered_d) \
    COLLECT_TABLE(28, 231, 224, gathered_a) \
    COLLECT_TABLE(29, 239, 232, gathered_b) \
    COLLECT_TABLE(30, 247, 240, gathered_c) \
    COLLECT_TABLE(31, 255, 248, gathered_d)
#define COLLECT_ALL_3 \
    if (meta.terms[255:192] != 0) { \
        COLLECT(24, 199, 192) \
        COLLECT(25, 207, 200) \
        COLLECT(26, 215, 208) \
        COLLECT(27, 223, 216) \
        COLLECT(28, 231, 224) \
        COLLECT(29, 239, 232) \
        COLLECT(30, 247, 240) \
        COLLECT(31, 255, 248) \
    }
#else
#define COLLECT_TABLES_3
#define COLLECT_ALL_3
#endif

#if TERMS > 256
#define COLLECT_TABLES_4 \
    COLLECT_TABLE(32, 263, 256, gathered_a) \
    COLLECT_TABLE(33, 271, 264, gathered_b) \
    COLLECT_TABLE(34, 279, 272, gathered_c) \
    COLLECT_TABLE(35, 287, 280, gathered_d) \
    COLLECT_TABLE(36, 295, 288, gathered_a) \
    COLLECT_TABLE(37, 303, 296, gathered_b) \
    COLLECT_TABLE(38, 311, 304, gathered_c) \
    COLLECT_TABLE(39, 319, 312, gathered_d)
#define COLLECT_ALL_4 \
    if (meta.terms[319:256] != 0) { \
        COLLECT(32, 263, 256) \
        COLLECT(33, 271, 264) \
        COLLECT(34, 279, 272) \
        COLLECT(35, 287, 280) \
        COLLECT(36, 295, 288) \
        COLLECT(37, 303, 296) \
        COLLECT(38, 311, 304) \
        COLLECT(39, 319, 312) \
    }
#else
#define COLLECT_TABLES_4
#define COLLECT_ALL_4
#endif

#if TERMS > 320
#define COLLECT_TABLES_5 \
    COLLECT_TABLE(40, 327, 320, gathered_a) \
    COLLECT_TABLE(41, 335, 328, gathered_b) \
    COLLECT_TABLE(42, 343, 336, gathered_c) \
    COLLECT_TABLE(43, 351, 344, gathered_d) \
    COLLECT_TABLE(44, 359, 352, gathered_a) \
    COLLECT_TABLE(45, 367, 360, gathered_b) \
    COLLECT_TABLE(46, 375, 368, gathered_c) \
    COLLECT_TABLE(47, 383, 376, gathered_d)
#define COLLECT_ALL_5 \
    if (meta.terms[383:320] != 0) { \
        COLLECT(40, 327, 320) \
        COLLECT(41, 335, 328) \
        COLLECT(42, 343, 336) \
        COLLECT(43, 351, 344) \
        COLLECT(44, 359, 352) \
        COLLECT(45, 367, 360) \
        COLLECT(46, 375, 368) \
        COLLECT(47, 383, 376) \
    }
#else
#define COLLECT_TABLES_5
#define COLLECT_ALL_5
#endif

#if TERMS > 384
#define COLLECT_TABLES_6 \
    COLLECT_TABLE(48, 391, 384, gathered_a) \
    COLLECT_TABLE(49, 399, 392, gathered_b) \
    COLLECT_TABLE(50, 407, 400, gathered_c) \
    COLLECT_TABLE(51, 415, 408, gathered_d) \
    COLLECT_TABLE(52, 423, 416, gathered_a) \
    COLLECT_TABLE(53, 431, 424, gathered_b) \
    COLLECT_TABLE(54, 439, 432, gathered_c) \
    COLLECT_TABLE(55, 447, 440, gathered_d)
#define COLLECT_ALL_6 \
    if (meta.terms[447:384] != 0) { \
        COLLECT(48, 391, 384) \
        COLLECT(49, 399, 392) \
        COLLECT(50, 407, 400) \
        COLLECT(51, 415, 408) \
        COLLECT(52, 423, 416) \
        COLLECT(53, 431, 424) \
        COLLECT(54, 439, 432) \
        COLLECT(55, 447, 440) \
    }
#else
#define COLLECT_TABLES_6
#define COLLECT_ALL_6
#endif

#if TERMS > 448
#define COLLECT_TABLES_7 \
    COLLECT_TABLE(56, 455, 448, gathered_a) \
    COLLECT_TABLE(57, 463, 456, gathered_b) \
    COLLECT_TABLE(58, 471, 464, gathered_c) \
    COLLECT_TABLE(59, 479, 472, gathered_d) \
    COLLECT_TABLE(60, 487, 480, gathered_a) \
    COLLECT_TABLE(61, 495, 488, gathered_b) \
    COLLECT_TABLE(62, 503, 496, gathered_c) \
    COLLECT_TABLE(63, 511, 504, gathered_d)
#define COLLECT_ALL_7 \
    if (meta.terms[511:448] != 0) { \
        COLLECT(56, 455, 448) \
        COLLECT(57, 463, 456) \
        COLLECT(58, 471, 464) \
        COLLECT(59, 479, 472) \
        COLLECT(60, 487, 480) \
        COLLECT(61, 495, 488) \
        COLLECT(62, 503, 496) \
        COLLECT(63, 511, 504) \
    }
#else
#define COLLECT_TABLES_7
#define COLLECT_ALL_7
#endif

#if TERMS > 512
#define COLLECT_TABLES_8 \
    COLLECT_TABLE(64, 519, 512, gathered_a) \
    COLLECT_TABLE(65, 527, 520, gathered_b) \
    COLLECT_TABLE(66, 535, 528, gathered_c) \
    COLLECT_TABLE(67, 543, 536, gathered_d) \
    COLLECT_TABLE(68, 551, 544, gathered_a) \
    COLLECT_TABLE(69, 559, 552, gathered_b) \
    COLLECT_TABLE(70, 567, 560, gathered_c) \
    COLLECT_TABLE(71, 575, 568, gathered_d)
#define COLLECT_ALL_8 \
    if (meta.terms[575:512] != 0) { \
        COLLECT(64, 519, 512) \
        COLLECT(65, 527, 520) \
        COLLECT(66, 535, 528) \
        COLLECT(67, 543, 536) \
        COLLECT(68, 551, 544) \
        COLLECT(69, 559, 552) \
        COLLECT(70, 567, 560) \
        COLLECT(71, 575, 568) \
    }
#else
#define COLLECT_TABLES_8
#define COLLECT_ALL_8
#endif

#if TERMS > 576
#define COLLECT_TABLES_9 \
    COLLECT_TABLE(72, 583, 576, gathered_a) \
    COLLECT_TABLE(73, 591, 584, gathered_b) \
    COLLECT_TABLE(74, 599, 592, gathered_c) \
    COLLECT_TABLE(75, 607, 600, gathered_d) \
    COLLECT_TABLE(76, 615, 608, gathered_a) \
    COLLECT_TABLE(77, 623, 616, gathered_b) \
    COLLECT_TABLE(78, 631, 624, gathered_c) \
    COLLECT_TABLE(79, 639, 632, gathered_d)
#define COLLECT_ALL_9 \
    if (meta.terms[639:576] != 0) { \
        COLLECT(72, 583, 576) \
        COLLECT(73, 591, 584) \
        COLLECT(74, 599, 592) \
        COLLECT(75, 607, 600) \
        COLLECT(76, 615, 608) \
        COLLECT(77, 623, 616) \
        COLLECT(78, 631, 624) \
        COLLECT(79, 639, 632) \
    }
#else
#define COLLECT_TABLES_9
#define COLLECT_ALL_9
#endif

#if TERMS > 640
#define COLLECT_TABLES_10 \
    COLLECT_TABLE(80, 647, 640, gathered_a) \
    COLLECT_TABLE(81, 655, 648, gathered_b) \
    COLLECT_TABLE(82, 663, 656, gathered_c) \
    COLLECT_TABLE(83, 671, 664, gathered_d) \
    COLLECT_TABLE(84, 679, 672, gathered_a) \
    COLLECT_TABLE(85, 687, 680, gathered_b) \
    COLLECT_TABLE(86, 695, 688, gathered_c) \
    COLLECT_TABLE(87, 703, 696, gathered_d)
#define COLLECT_ALL_10 \
    if (meta.terms[703:640] != 0) { \
        COLLECT(80, 647, 640) \
        COLLECT(81, 655, 648) \
        COLLECT(82, 663, 656) \
        COLLECT(83, 671, 664) \
        COLLECT(84, 679, 672) \
        COLLECT(85, 687, 680) \
        COLLECT(86, 695, 688) \
        COLLECT(87, 703, 696) \
    }
#else
#define COLLECT_TABLES_10
#define COLLECT_ALL_10
#endif

#if TERMS > 704
#define COLLECT_TABLES_11 \
    COLLECT_TABLE(88, 711, 704, gathered_a) \
    COLLECT_TABLE(89, 719, 712, gathered_b) \
    COLLECT_TABLE(90, 727, 720, gathered_c) \
    COLLECT_TABLE(91, 735, 728, gathered_d) \
    COLLECT_TABLE(92, 743, 736, gathered_a) \
    COLLECT_TABLE(93, 751, 744, gathered_b) \
    COLLECT_TABLE(94, 759, 752, gathered_c) \
    COLLECT_TABLE(95, 767, 760, gathered_d)
#define COLLECT_ALL_11 \
    if (meta.terms[767:704] != 0) { \
        COLLECT(88, 711, 704) \
        COLLECT(89, 719, 712) \
        COLLECT(90, 727, 720) \
        COLLECT(91, 735, 728) \
        COLLECT(92, 743, 736) \
        COLLECT(93, 751, 744) \
        COLLECT(94, 759, 752) \
        COLLECT(95, 767, 760) \
    }
#else
#define COLLECT_TABLES_11
#define COLLECT_ALL_11
#endif

#if TERMS > 768
#define COLLECT_TABLES_12 \
    COLLECT_TABLE(96, 775, 768, gathered_a) \
    COLLECT_TABLE(97, 783, 776, gathered_b) \
    COLLECT_TABLE(98, 791, 784, gathered_c) \
    COLLECT_TABLE(99, 799, 792, gathered_d) \
    COLLECT_TABLE(100, 807, 800, gathered_a) \
    COLLECT_TABLE(101, 815, 808, gathered_b) \
    COLLECT_TABLE(102, 823, 816, gathered_c) \
    COLLECT_TABLE(103, 831, 824, gathered_d)
#define COLLECT_ALL_12 \
    if (meta.terms[831:768] != 0) { \
        COLLECT(96, 775, 768) \
        COLLECT(97, 783, 776) \
        COLLECT(98, 791, 784) \
        COLLECT(99, 799, 792) \
        COLLECT(100, 807, 800) \
        COLLECT(101, 815, 808) \
        COLLECT(102, 823, 816) \
        COLLECT(103, 831, 824) \
    }
#else
#define COLLECT_TABLES_12
#define COLLECT_ALL_12
#endif

#if TERMS > 832
#define COLLECT_TABLES_13 \
    COLLECT_TABLE(104, 839, 832, gathered_a) \
    COLLECT_TABLE(105, 847, 840, gathered_b) \
    COLLECT_TABLE(106, 855, 848, gathered_c) \
    COLLECT_TABLE(107, 863, 856, gathered_d) \
    COLLECT_TABLE(108, 871, 864, gathered_a) \
    COLLECT_TABLE(109, 879, 872, gathered_b) \
    COLLECT_TABLE(110, 887, 880, gathered_c) \
    COLLECT_TABLE(111, 895, 888, gathered_d)
#define COLLECT_ALL_13 \
    if (meta.terms[895:832] != 0) { \
        COLLECT(104, 839, 832) \
        COLLECT(105, 847, 840) \
        COLLECT(106, 855, 848) \
        COLLECT(107, 863, 856) \
        COLLECT(108, 871, 864) \
        COLLECT(109, 879, 872) \
        COLLECT(110, 887, 880) \
        COLLECT(111, 895, 888) \
    }
#else
#define COLLECT_TABLES_13
#define COLLECT_ALL_13
#endif

#if TERMS > 896
#define COLLECT_TABLES_14 \
    COLLECT_TABLE(112, 903, 896, gathered_a) \
    COLLECT_TABLE(113, 911, 904, gathered_b) \
    COLLECT_TABLE(114, 919, 912, gathered_c) \
    COLLECT_TABLE(115, 927, 920, gathered_d) \
    COLLECT_TABLE(116, 935, 928, gathered_a) \
    COLLECT_TABLE(117, 943, 936, gathered_b) \
    COLLECT_TABLE(118, 951, 944, gathered_c) \
    COLLECT_TABLE(119, 959, 952, gathered_d)
#define COLLECT_ALL_14 \
    if (meta.terms[959:896] != 0) { \
        COLLECT(112, 903, 896) \
        COLLECT(113, 911, 904) \
        COLLECT(114, 919, 912) \
        COLLECT(115, 927, 920) \
        COLLECT(116, 935, 928) \
        COLLECT(117, 943, 936) \
        COLLECT(118, 951, 944) \
        COLLECT(119, 959, 952) \
    }
#else
#define COLLECT_TABLES_14
#define COLLECT_ALL_14
#endif

#if TERMS > 960
#define COLLECT_TABLES_15 \
    COLLECT_TABLE(120, 967, 960, gathered_a) \
    COLLECT_TABLE(121, 975, 968, gathered_b) \
    COLLECT_TABLE(122, 983, 976, gathered_c) \
    COLLECT_TABLE(123, 991, 984, gathered_d) \
    COLLECT_TABLE(124, 999, 992, gathered_a) \
    COLLECT_TABLE(125, 1007, 1000, gathered_b) \
    COLLECT_TABLE(126, 1015, 1008, gathered_c) \
    COLLECT_TABLE(127, 1023, 1016, gathered_d)
#define COLLECT_ALL_15 \
    if (meta.terms[1023:960] != 0) { \
        COLLECT(120, 967, 960) \
        COLLECT(121, 975, 968) \
        COLLECT(122, 983, 976) \
        COLLECT(123, 991, 984) \
        COLLECT(124, 999, 992) \
        COLLECT(125, 1007, 1000) \
        COLLECT(126, 1015, 1008) \
        COLLECT(127, 1023, 1016) \
    }
#else
#define COLLECT_TABLES_15
#define COLLECT_ALL_15
#endif

#define COLLECT_TABLES \
    COLLECT_TABLES_0 \
    COLLECT_TABLES_1 \
    COLLECT_TABLES_2 \
    COLLECT_TABLES_3 \
    COLLECT_TABLES_4 \
    COLLECT_TABLES_5 \
    COLLECT_TABLES_6 \
    COLLECT_TABLES_7 \
    COLLECT_TABLES_8 \
    COLLECT_TABLES_9 \
    COLLECT_TABLES_10 \
    COLLECT_TABLES_11 \
    COLLECT_TABLES_12 \
    COLLECT_TABLES_13 \
    COLLECT_TABLES_14 \
    COLLECT_TABLES_15

#define COLLECT_ALL \
    COLLECT_ALL_0 \
    COLLECT_ALL_1 \
    COLLECT_ALL_2 \
    COLLECT_ALL_3 \
    COLLECT_ALL_4 \
    COLLECT_ALL_5 \
    COLLECT_ALL_6 \
    COLLECT_ALL_7 \
    COLLECT_ALL_8 \
    COLLECT_ALL_9 \
    COLLECT_ALL_10 \
    COLLECT_ALL_11 \
    COLLECT_ALL_12 \
    COLLECT_ALL_13 \
    COLLECT_ALL_14 \
    COLLECT_ALL_15
