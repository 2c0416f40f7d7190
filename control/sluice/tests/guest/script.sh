# Runs in the guest of `nic_guest.rs`, by busybox, behind `count=`, `ports=` and `size=`.
fails() { echo "guest: $1"; cat /tmp/*.log; poweroff -f; }
# Waits for a command to succeed, as long as a process lives.
until_so() { while ! eval "$2"; do kill -0 $1 2>/dev/null || fails "it ended before: $2"; sleep 0.2; done; }
first=0000:01:00.0
second=0000:02:00.0

sluice nic list 2>&1 || fails "no list"
sluice nic bind $first 2>&1 || fails "the first card is not bound"
sluice nic bind $second 2>&1 || fails "the second card is not bound"
sluice nic list 2>&1
sluice nic show --card $first 2>&1 || fails "the card is not shown"

sluice serve --card $first --policy /policy.yaml $ports $size >/tmp/serve.out 2>/tmp/serve.log &
broker=$!
until_so $broker 'grep -q ^ready: /tmp/serve.out'
export SLUICE_TOKEN=$(sed -n 's/.*shown only now: //p' /tmp/serve.out /tmp/serve.log | head -n1)
echo "guest: the policy is in force"
read line
echo "guest: $line"
sluice status 2>&1 || fails "it does not say how it is"
sluice filters 2>&1
kill $broker
wait $broker || fails "the broker's account does not add up"
cat /tmp/serve.out

sluice nic capture --card $second --out /tmp/captured.pcapng --count $count 2>/tmp/capture.log || fails "nothing was captured"
cat /tmp/capture.log
send /tmp/captured.pcapng
echo "guest: all of it"
