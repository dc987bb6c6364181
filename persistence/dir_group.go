package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OpenGroup opens a group, and makes it where there is none.
func (d *Dir) OpenGroup(name string, o GroupOptions) (*GroupStore, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	g, err := d.openGroup(name, o)
	if err != nil {
		return nil, fmt.Errorf("open group %s: %w", name, err)
	}
	return &GroupStore{
		Log:       g.log,
		Stable:    g.stable,
		Snapshots: g.snapshots,
		Close:     func() error { return d.closeGroup(name, g) },
	}, nil
}

func (d *Dir) openGroup(name string, o GroupOptions) (*groupFiles, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, ErrClosed
	case d.open[name] != nil:
		return nil, ErrGroupOpen
	}
	path := d.group(name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createGroup(path, o.Engine); err != nil {
			return nil, err
		}
	}
	g, err := openGroup(path, o, d.log)
	if err != nil {
		return nil, err
	}
	d.open[name] = g
	d.groups.Add(1)
	return g, nil
}

func (d *Dir) group(name string) string { return filepath.Join(d.data, groupsName, name) }

// closeGroup closes a group, once.
func (d *Dir) closeGroup(name string, g *groupFiles) error {
	d.mu.Lock()
	mine := d.open[name] == g
	if mine {
		delete(d.open, name)
		d.groups.Add(-1)
	}
	d.mu.Unlock()
	if !mine {
		return nil
	}
	return g.close()
}

// RemoveGroup deletes a group that is not open.
func (d *Dir) RemoveGroup(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return ErrClosed
	case d.open[name] != nil:
		return fmt.Errorf("remove group %s: %w", name, ErrGroupOpen)
	}
	if err := removeDir(d.group(name)); err != nil {
		return fmt.Errorf("remove group %s: %w", name, err)
	}
	return nil
}

// GroupNames lists the groups, sorted.
func (d *Dir) GroupNames() ([]string, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(d.data, groupsName))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && checkName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
