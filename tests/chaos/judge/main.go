// The outside judge: reads the history of what clients asked and were told while everything was killed and frozen, and
// says whether some order of these calls explains it. It shares no code with what it judges and knows nothing of it but
// the history. Two promises are judged: a provider's time is held by at most one visit, and a version of a referral's
// document is changed by at most one of those who had seen it, and never forgotten.
//
// Exit codes: 0 accepted, 1 refused, 2 not judged (a history that is cut, unreadable or too long).
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	accepted  = 0
	refused   = 1
	notJudged = 2
	longest   = 20 * time.Second
)

func main() {
	each := flag.Bool("each", false, "say the verdict of every key, not of those refused alone")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: judge [-each] HISTORY")
		os.Exit(notJudged)
	}
	file, err := os.Open(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "not judged:", err)
		os.Exit(notJudged)
	}
	defer file.Close()
	os.Exit(judge(file, os.Stdout, *each))
}

// judge reads a history and says what it finds.
func judge(history io.Reader, to io.Writer, each bool) int {
	calls, err := read(history)
	if err != nil {
		fmt.Fprintln(to, "not judged:", err)
		return notJudged
	}
	made := requests(calls)
	documents, visits := byDocument(made), lives(made)
	pieces := bySlot(visits)
	found := bench{to: to, each: each}
	for _, id := range sorted(visits) {
		if fault := visits[id].fault(); fault != "" {
			found.say("visit "+id, refused, fault)
		}
	}
	found.hear("referral", versions, documents)
	found.hear("slot", slots, pieces)
	fmt.Fprintf(to, "%s: %d calls, %d documents of referrals, %d slots\n", found, len(calls), len(documents), len(pieces))
	return found.verdict
}

// bench keeps the worst verdict so far.
type bench struct {
	to      io.Writer
	each    bool
	verdict int
}

func (b *bench) hear(kind string, model porcupine.Model, histories map[string][]porcupine.Operation) {
	for _, key := range sorted(histories) {
		history := histories[key]
		if len(history) > mostCalls {
			b.say(kind+" "+key, notJudged, fmt.Sprintf("%d calls are more than %d", len(history), mostCalls))
			continue
		}
		switch porcupine.CheckOperationsTimeout(model, history, longest) {
		case porcupine.Ok:
			b.say(kind+" "+key, accepted, fmt.Sprintf("%d calls", len(history)))
		case porcupine.Illegal:
			b.say(kind+" "+key, refused, fmt.Sprintf("no order explains its %d calls", len(history)))
		default:
			b.say(kind+" "+key, notJudged, fmt.Sprintf("%d calls took more than %s", len(history), longest))
		}
	}
}

func (b *bench) say(key string, verdict int, why string) {
	if b.each || verdict != accepted {
		fmt.Fprintf(b.to, "%s: %s, %s\n", words[verdict], key, why)
	}
	if b.verdict == accepted || verdict == refused {
		b.verdict = verdict
	}
}

func (b bench) String() string { return words[b.verdict] }

var words = map[int]string{accepted: "accepted", refused: "refused", notJudged: "not judged"}

func sorted[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
