package slotmap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check returns the first invariant of the package comment that the map breaks, nil if it is sound.
func (m *Map) Check() error {
	for _, check := range []func(*Map) error{checkOrder, checkNodes, checkGroups, checkEpochs, checkSlots} {
		if err := check(m); err != nil {
			return fmt.Errorf("map version %d: %w", m.Version, err)
		}
	}
	return nil
}

func checkOrder(m *Map) error {
	switch {
	case len(m.nodes) == 0 || slices.Contains(m.nodes, nil) || slices.Contains(m.groups, nil):
		return errors.New("no nodes, or a blank one")
	case !increasing(m.nodes, func(n *Node) string { return string(n.ID) }):
		return errors.New("nodes are not sorted by id")
	case !increasing(m.groups, func(g *Group) string { return string(g.ID) }):
		return errors.New("groups are not sorted by id")
	}
	return nil
}

// increasing tells whether keys are not empty and strictly sorted.
func increasing[T any](items []T, key func(T) string) bool {
	last := ""
	for _, item := range items {
		if strings.Compare(last, key(item)) >= 0 {
			return false
		}
		last = key(item)
	}
	return true
}

func checkNodes(m *Map) error {
	for _, n := range m.nodes {
		g := m.Group(n.Group)
		switch {
		case n.Group == "" && !n.Leaving:
			return fmt.Errorf("node %s stays but is in no group", n.ID)
		case n.Group != "" && g == nil:
			return fmt.Errorf("node %s is in unknown group %s", n.ID, n.Group)
		case g != nil && !slices.Contains(g.Members, n.ID):
			return fmt.Errorf("node %s is not listed by its group %s", n.ID, n.Group)
		}
	}
	return nil
}

func checkGroups(m *Map) error {
	for _, g := range m.groups {
		if len(g.Members) == 0 || !increasing(g.Members, func(id NodeID) string { return string(id) }) {
			return fmt.Errorf("group %s has no members, or they are not sorted", g.ID)
		}
		for _, id := range g.Members {
			if n := m.Node(id); n == nil || n.Group != g.ID {
				return fmt.Errorf("member %s of group %s is unknown or in another group", id, g.ID)
			}
		}
		if g.Leader != "" && !slices.Contains(g.Members, g.Leader) {
			return fmt.Errorf("leader %s of group %s is not a member", g.Leader, g.ID)
		}
		if !increasing(g.Former, func(id NodeID) string { return string(id) }) || slices.ContainsFunc(g.Former, func(id NodeID) bool { return m.Node(id) == nil }) {
			return fmt.Errorf("former members of group %s are unknown or not sorted", g.ID)
		}
		if n := m.Node(g.Witness); g.Witness != "" && (n == nil || n.Group == g.ID) {
			return fmt.Errorf("witness %s of group %s is unknown or a member", g.Witness, g.ID)
		}
	}
	return nil
}

func checkEpochs(m *Map) error {
	seen := map[uint64]GroupID{}
	for _, g := range m.groups {
		if g.Epoch > m.Epoch {
			return fmt.Errorf("group %s has epoch %d above the cluster's %d", g.ID, g.Epoch, m.Epoch)
		}
		if other, taken := seen[g.Epoch]; taken && g.Epoch != 0 {
			return fmt.Errorf("groups %s and %s share epoch %d", other, g.ID, g.Epoch)
		}
		seen[g.Epoch] = g.ID
	}
	return nil
}

func checkSlots(m *Map) error {
	for i := range uint16(SlotCount) {
		s := m.slot(i)
		switch {
		case s.owner != "" && m.Group(s.owner) == nil:
			return fmt.Errorf("slot %d is owned by unknown group %s", i, s.owner)
		case s.epoch > m.Fence || s.handoff > m.Fence:
			return fmt.Errorf("slot %d has an epoch above the fence %d", i, m.Fence)
		case s.owner != "" && s.epoch == 0:
			return fmt.Errorf("slot %d is owned without an epoch", i)
		case s.handoff == 0 && s.to != "":
			return fmt.Errorf("slot %d has a target but no hand-over", i)
		case s.handoff != 0 && (s.owner == "" || s.to == s.owner || s.handoff <= s.epoch):
			return fmt.Errorf("slot %d has a senseless hand-over", i)
		case s.to != "" && m.Group(s.to) == nil:
			return fmt.Errorf("slot %d goes to unknown group %s", i, s.to)
		}
	}
	return nil
}
