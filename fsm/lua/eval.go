package lua

import (
	"crypto/sha1"
	"encoding/hex"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// eval serves EVAL and EVAL_RO: script numkeys key [key ...] arg [arg ...].
func (e *Engine) eval(c *command.Ctx, readOnly bool) {
	const first = 3
	n, ok := command.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.W.Error(resp.ErrNotInteger)
		return
	case n > int64(len(c.Args)-first):
		c.W.Error(resp.ErrNumKeysTooBig)
		return
	case n < 0:
		c.W.Error(resp.ErrNumKeysNegative)
		return
	}
	body := string(c.Args[1])
	s, problem := parseScript(body)
	if problem == "" {
		problem = s.refused(readOnly)
	}
	if problem != "" {
		c.W.Error(problem)
		return
	}
	ch, err := e.compile(s.source, scriptChunk)
	if err != nil {
		c.W.Error(compileProblem(err))
		return
	}
	j := job{ctx: c, chunk: ch, sha: digest(body), readOnly: readOnly || s.noWrites}
	j.keys, j.args = c.Args[first:first+n], c.Args[first+n:]
	e.execute(&j)
}

// digest returns the name under which a script is known.
func digest(body string) string {
	sum := sha1.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// job is one script to run.
type job struct {
	ctx        *command.Ctx
	chunk      *chunk
	sha        string
	keys, args [][]byte
	readOnly   bool
}

// execute runs the job and writes one reply.
func (e *Engine) execute(j *job) {
	applying := j.ctx.Applying
	if j.readOnly {
		j.ctx.Applying = false // Ctx.Call refuses writes in a view
	}
	s := e.borrow()
	intact := s.runScript(j)
	j.ctx.Applying = applying
	if intact {
		e.giveBack(s)
	}
}
