package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
	"time"
)

// format is the form of the history that this judge reads; mostCalls is how many of them one key may have.
const (
	format    = 1
	mostCalls = 2000
	forever   = math.MaxInt64
)

// Visit is a visit as a read shows it. Its time is taken as long as its fate is none of `gone`.
type Visit struct {
	ID       string    `json:"visit_id"`
	Provider string    `json:"provider_ref"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Fate     string    `json:"fate"`
}

// Call is one call of a client: what it asked, between when and when, and what it was told.
type Call struct {
	Process  int     `json:"process"`
	Request  string  `json:"request"`
	Document string  `json:"document"`
	Op       string  `json:"op"`
	VisitID  string  `json:"visit_id"`
	IfMatch  int64   `json:"if_match"`
	Invoked  int64   `json:"invoked_ns"`
	Returned int64   `json:"returned_ns"`
	Outcome  string  `json:"outcome"`
	Status   int     `json:"status"`
	Version  int64   `json:"version"`
	IsEnded  bool    `json:"is_ended"`
	Visits   []Visit `json:"visits"`
}

type frame struct {
	History int  `json:"history"`
	Calls   *int `json:"calls"`
}

// read takes a history in whole. One that is cut, or has a line that cannot be read, is no evidence of anything.
func read(from io.Reader) ([]Call, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<24)
	var head, end frame
	if !lines.Scan() || strictly(lines.Bytes(), &head) != nil || head.History != format {
		return nil, fmt.Errorf("line 1: no history of form %d", format)
	}
	var calls []Call
	for number := 2; lines.Scan(); number++ {
		if end.Calls != nil {
			return nil, fmt.Errorf("line %d: there is more after the end", number)
		}
		if strictly(lines.Bytes(), &end) == nil && end.Calls != nil {
			continue
		}
		var call Call
		if err := strictly(lines.Bytes(), &call); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if err := call.fault(); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		calls = append(calls, call)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if end.Calls == nil || *end.Calls != len(calls) {
		return nil, fmt.Errorf("it is cut: %d calls, and no end that says so", len(calls))
	}
	return calls, nil
}

func strictly(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return fmt.Errorf("more than one value")
	}
	return nil
}

func (call Call) fault() error {
	switch call.Op {
	case "order", "cancel", "book", "give_up", "read":
	default:
		return fmt.Errorf("unknown call %q", call.Op)
	}
	switch call.Outcome {
	case "ok", "refused", "unknown":
	default:
		return fmt.Errorf("unknown outcome %q", call.Outcome)
	}
	if call.Request == "" || call.Returned < call.Invoked {
		return fmt.Errorf("a call without a request, or that ended before it began")
	}
	if call.Outcome == "ok" && (call.Document == "" || call.Op != "order" && call.Version < 1) {
		return fmt.Errorf("an answer about nothing")
	}
	return nil
}

// requests makes one of all calls of one request: it took effect once, between the first call and the first answer.
// What no call of it got an answer to stays open to the end; what was refused each time took no effect.
func requests(calls []Call) []Call {
	sort.SliceStable(calls, func(i, j int) bool { return calls[i].Invoked < calls[j].Invoked })
	at := map[string]int{}
	var merged []Call
	for _, call := range calls {
		index, isKnown := at[call.Request]
		if !isKnown {
			at[call.Request] = len(merged)
			merged = append(merged, call)
			continue
		}
		merged[index] = again(merged[index], call)
	}
	for index := range merged {
		if merged[index].Outcome == "unknown" {
			merged[index].Returned = forever
		}
	}
	return merged
}

func again(first, later Call) Call {
	switch {
	case first.Outcome == "ok" && (later.Outcome != "ok" || later.Returned >= first.Returned):
		return first
	case later.Outcome == "ok":
		later.Invoked = first.Invoked
		return later
	case later.Outcome == "unknown":
		first.Outcome = "unknown"
	}
	return first
}
