package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schedule is one run of faults: a cluster, and what happens to it when. RandomSchedule
// makes one from a seed and from nothing else. Its text (String) can be edited and read
// back (ParseSchedule), so that a failure can be cut down by hand.
type Schedule struct {
	Seed    uint64
	Hosts   int // that form the cluster: the first Masters are masters, the rest replicas in turn
	Masters int
	Spares  int           // further hosts, which come and go and never hold a slot of their own
	Trip    time.Duration // what a message takes one way while no fault says otherwise
	Disk    time.Duration // what a write takes
	Args    []string      // directives of every node
	Steps   []Step        // in order of time
}

// Step is one thing that happens. Which hosts and peers it names is decided beforehand;
// whether it can be done (a host that is down cannot be killed) shows when its time comes.
type Step struct {
	At    time.Duration // since the cluster was formed
	Kind  Kind
	Hosts []int // theClient stands for all clients
	Peers []int
	D     time.Duration // of kinds that need one
}

// theClient is the number of the host that the clients are on.
const theClient = -1

// Kind says what a Step does.
type Kind string

// The kinds of steps.
const (
	KindKill      Kind = "kill"      // SIGKILL to the nodes of Hosts, all at once
	KindStop      Kind = "stop"      // SIGTERM
	KindStart     Kind = "start"     // start those of Hosts that are down
	KindWipe      Kind = "wipe"      // kill one node and empty its data directory, if its groups can bear that
	KindCut       Kind = "cut"       // nothing from Hosts reaches Peers
	KindHeal      Kind = "heal"      // it does again
	KindReset     Kind = "reset"     // break the connections between Hosts and Peers
	KindDelay     Kind = "delay"     // messages from Hosts to Peers take D
	KindDisk      Kind = "disk"      // writes of Hosts take D
	KindDiskFail  Kind = "diskfail"  // writes of Hosts fail: the node has to end itself
	KindSleep     Kind = "sleep"     // DEBUG SLEEP D
	KindFailover  Kind = "failover"  // CLUSTER FAILOVER on each of Hosts
	KindForce     Kind = "force"     // CLUSTER FAILOVER FORCE
	KindSave      Kind = "save"      // BGSAVE
	KindMeet      Kind = "meet"      // CLUSTER MEET, sent to Hosts with the address of Peers
	KindReplicate Kind = "replicate" // CLUSTER REPLICATE of the master of the first of Peers, sent to Hosts
	KindForget    Kind = "forget"    // CLUSTER FORGET of Hosts, sent to the first of Peers
	KindPace      Kind = "pace"      // the clients think for D on average from now on
	KindClear     Kind = "clear"     // CLUSTER RESET, with D HARD, if the host's groups can bear that
)

// End is when the last step is over.
func (s *Schedule) End() time.Duration {
	var end time.Duration
	for _, st := range s.Steps {
		at := st.At
		if st.Kind == KindSleep {
			at += st.D
		}
		end = max(end, at)
	}
	return end
}

// faults counts the steps that disturb something; what is cut in both directions counts once.
func (s *Schedule) faults() (n int) {
	var last Step
	for _, st := range s.Steps {
		over := st.Kind == KindDelay && st.D == s.Trip || st.Kind == KindDisk && st.D == s.Disk
		if over || st.Kind == KindStart || st.Kind == KindHeal || st.Kind == KindPace {
			continue
		}
		if st.At != last.At || st.Kind != last.Kind {
			n++
		}
		last = st
	}
	return n
}

// sort puts the steps in order of time.
func (s *Schedule) sort() {
	slices.SortStableFunc(s.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
}

// String is the text of a schedule: a line for the cluster, then one for each step.
func (s *Schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cluster seed=%d hosts=%d masters=%d spares=%d trip=%v disk=%v %s\n",
		s.Seed, s.Hosts, s.Masters, s.Spares, s.Trip, s.Disk, strings.Join(s.Args, " "))
	for _, st := range s.Steps {
		fmt.Fprintln(&b, st)
	}
	return b.String()
}

func (st Step) String() string {
	return fmt.Sprintf("%v %s %s %s %v", st.At, st.Kind, numbers(st.Hosts), numbers(st.Peers), st.D)
}

// numbers writes a list of hosts, "-" for none.
func numbers(hosts []int) string {
	if len(hosts) == 0 {
		return "-"
	}
	words := make([]string, len(hosts))
	for i, h := range hosts {
		words[i] = "client"
		if h != theClient {
			words[i] = strconv.Itoa(h)
		}
	}
	return strings.Join(words, ",")
}

var errNoSchedule = errors.New("sim: not a schedule")

// ParseSchedule reads what String writes.
func ParseSchedule(text string) (*Schedule, error) {
	s := &Schedule{}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		var err error
		switch {
		case len(f) == 0:
		case f[0] == "cluster" && len(f) >= 7:
			_, err = fmt.Sscanf(strings.Join(f[1:5], " "), "seed=%d hosts=%d masters=%d spares=%d", &s.Seed, &s.Hosts, &s.Masters, &s.Spares)
			s.Trip = parseDuration(strings.TrimPrefix(f[5], "trip="), &err)
			s.Disk = parseDuration(strings.TrimPrefix(f[6], "disk="), &err)
			s.Args = f[7:]
		case len(f) == 5:
			s.Steps = append(s.Steps, Step{
				At: parseDuration(f[0], &err), Kind: Kind(f[1]), Hosts: parseNumbers(f[2], &err), Peers: parseNumbers(f[3], &err), D: parseDuration(f[4], &err),
			})
		default:
			err = errNoSchedule
		}
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
	}
	if s.Hosts == 0 {
		return nil, errNoSchedule
	}
	return s, nil
}

func parseDuration(text string, err *error) time.Duration {
	d, e := time.ParseDuration(text)
	*err = errors.Join(*err, e)
	return d
}

func parseNumbers(text string, err *error) (hosts []int) {
	if text == "-" {
		return nil
	}
	for word := range strings.SplitSeq(text, ",") {
		n, e := theClient, error(nil)
		if word != "client" {
			n, e = strconv.Atoi(word)
		}
		*err = errors.Join(*err, e)
		hosts = append(hosts, n)
	}
	return hosts
}
