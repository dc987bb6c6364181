package server

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// clusterEpochCommands are about config epochs and the cluster config file.
func clusterEpochCommands() []front {
	return []front{
		{run: clusterBumpEpoch, spec: &command.Spec{
			Name: "bumpepoch", Arity: 2, Flags: flagsChange, Since: "3.0.0", Tips: []string{"nondeterministic_output"},
			Summary: "Advance the cluster config epoch", Complexity: "O(1)",
		}},
		{run: clusterSetEpoch, spec: &command.Spec{
			Name: "set-config-epoch", Arity: 3, Flags: flagsChange, Since: "3.0.0",
			Summary: "Set the configuration epoch in a new node", Complexity: "O(1)",
		}},
		{run: clusterSaveConfig, spec: &command.Spec{
			Name: "saveconfig", Arity: 2, Flags: flagsChange, Since: "3.0.0",
			Summary: "Forces the node to save cluster state on disk", Complexity: "O(1)",
		}},
	}
}

func clusterBumpEpoch(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	epoch, bumped, err := s.admin.BumpEpoch(c.Context())
	switch {
	case err != nil:
		w.Error(adminErrorText(err))
	case bumped:
		w.SimpleString(fmt.Sprintf("BUMPED %d", epoch))
	default:
		w.SimpleString(fmt.Sprintf("STILL %d", epoch))
	}
}

func clusterSetEpoch(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	epoch, ok := command.ParseInt(args[2])
	if !ok {
		w.Error(resp.ErrNotInteger)
		return
	}
	if text := s.clusterView().refuseSetEpoch(epoch); text != "" {
		w.Error(text)
		return
	}
	answerAdmin(w, s.admin.SetConfigEpoch(c.Context(), uint64(epoch)))
}

func (v *clusterView) refuseSetEpoch(epoch int64) string {
	switch {
	case epoch < 0:
		return fmt.Sprintf(errEpochF, epoch)
	case len(v.nodes()) > 1:
		return errEpochOthers
	case v.census().myEpoch != 0:
		return errEpochSet
	}
	return ""
}

func clusterSaveConfig(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	answerAdmin(w, s.admin.SaveConfig(c.Context()))
}
