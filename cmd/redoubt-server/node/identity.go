package node

import (
	crand "crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"slices"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	recordVersion   = 1
	idBytes         = 20 // node, group and cluster ids
	incarnationSize = 8
	maxLeft         = 16 // clusters that a node remembers having left
	// identityFile stands in the data directory; it dies with the data, and so tells
	// a node that its disk is not the one its config file speaks of.
	identityFile = "identity.json"
)

// record is the content of the file named by cluster-config-file.
type record struct {
	Version     int             `json:"version"`
	Cluster     string          `json:"cluster"`
	Node        slotmap.NodeID  `json:"node"`
	Incarnation string          `json:"incarnation"`
	Joining     string          `json:"joining,omitempty"`     // bus address of the cluster that is being joined
	JoinCluster string          `json:"joincluster,omitempty"` // its id
	Replaces    string          `json:"replaces,omitempty"`    // the incarnation whose disk was lost: rejoin first
	Tried       []string        `json:"tried,omitempty"`       // later ones, lost too, before it was known whether the cluster knows them
	Map         json.RawMessage `json:"map,omitempty"`         // last known map, for addresses
	Founding    slotmap.GroupID `json:"founding,omitempty"`    // the group this node bootstraps
	Founded     bool            `json:"founded,omitempty"`     // it has: whoever founds a group twice makes two of it
	Former      string          `json:"former,omitempty"`      // the server id before a reset: data of it are to be wiped
	Left        []string        `json:"left,omitempty"`        // clusters of this node alone that it gave up to join another, oldest first
	Sum         uint32          `json:"sum"`                   // crc32c of the record with Sum 0
}

// diskIdentity is the content of identityFile.
type diskIdentity struct {
	Node        slotmap.NodeID `json:"node"`
	Incarnation string         `json:"incarnation"`
	// Stores lists the groups that this incarnation has taken part in. One that is
	// listed and has no directory was lost: its votes are forgotten.
	Stores []string `json:"stores,omitempty"`
	Sum    uint32   `json:"sum"` // crc32c of the identity with Sum 0
}

// newID makes a random lower-case hexadecimal id of n bytes.
func newID(n int) string {
	b := make([]byte, n)
	if _, err := crand.Read(b); err != nil {
		panic("node: the system has no randomness: " + err.Error())
	}
	return hex.EncodeToString(b)
}

// freshRecord is a new node: by itself a whole cluster with a group of its own.
func freshRecord(id slotmap.NodeID) *record {
	if id == "" {
		id = slotmap.NodeID(newID(idBytes))
	}
	return &record{
		Version: recordVersion, Cluster: newID(idBytes), Node: id,
		Incarnation: newID(incarnationSize), Founding: slotmap.GroupID(newID(idBytes)),
	}
}

// leave notes that the record's cluster has ended: this node was all of it, and moved.
func (r *record) leave() {
	r.Left = append(r.Left, r.Cluster)
	r.Left = slices.Clone(r.Left[max(0, len(r.Left)-maxLeft):])
}

func (r *record) encode() ([]byte, error) {
	c := *r
	c.Sum = 0
	plain, err := json.Marshal(&c)
	if err != nil {
		return nil, err
	}
	c.Sum = crc32.Checksum(plain, crc32.MakeTable(crc32.Castagnoli))
	return json.Marshal(&c)
}

func decodeRecord(b []byte) (*record, error) {
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("it is not a cluster config file of this program: %w", err)
	}
	if r.Version != recordVersion {
		return nil, fmt.Errorf("it has version %d, this program knows version %d", r.Version, recordVersion)
	}
	c := r
	c.Sum = 0
	plain, err := json.Marshal(&c)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(plain, crc32.MakeTable(crc32.Castagnoli)) != r.Sum {
		return nil, errors.New("its checksum does not match: it was edited or damaged")
	}
	return &r, nil
}

// loadRecord finds out who this node is. What a lost or emptied disk means is decided
// here: with the data directory gone the node gets a new incarnation, with the config
// file gone too it is a new node.
func loadRecord(s persistence.Storage, log *slog.Logger) (*record, error) {
	disk, err := loadDiskIdentity(s)
	if err != nil {
		return nil, err
	}
	if err := checkOrphans(s, disk); err != nil {
		return nil, err
	}
	b, err := s.LoadConfig()
	switch {
	case errors.Is(err, fs.ErrNotExist) && disk == nil:
		r := freshRecord("")
		log.Info("no cluster configuration found", "id", r.Node)
		return r, save(s, r)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the cluster config file is missing but its data directory belongs to node %s: "+
			"put the file back, or remove the data directory to start as a new node", disk.Node)
	case err != nil:
		return nil, fmt.Errorf("reading the cluster config file: %w", err)
	}
	r, err := decodeRecord(b)
	if err != nil {
		return nil, fmt.Errorf("the cluster config file cannot be used: %w; "+
			"restore it, or remove it together with the data directory to start as a new node", err)
	}
	switch {
	case disk == nil:
		log.Warn("the data directory is empty: this node comes back without its data, under a new incarnation", "id", r.Node)
		r = reborn(r)
		return r, save(s, r)
	case r.Former != "" && r.Former == slotmap.ServerID(disk.Node, disk.Incarnation):
		log.Info("finishing a reset that was interrupted")
		if err := removeGroups(s); err != nil {
			return nil, err
		}
		return r, save(s, r)
	case disk.Node != r.Node || disk.Incarnation != r.Incarnation:
		return nil, fmt.Errorf("the data directory belongs to node %s:%s, the cluster config file to %s:%s: "+
			"two nodes must not share a cluster-config-file", disk.Node, disk.Incarnation, r.Node, r.Incarnation)
	}
	return checkStores(s, r, disk, log)
}

// checkOrphans refuses groups in a data directory that does not say whose they are: the
// identity is written before the first of them is made.
func checkOrphans(s persistence.Storage, disk *diskIdentity) error {
	if disk != nil {
		return nil
	}
	names, err := s.GroupNames()
	if err != nil {
		return fmt.Errorf("listing the data directory: %w", err)
	}
	if len(names) > 0 {
		return damagedIdentity(s, fmt.Errorf("it is missing, and there are groups (%s, for example)", names[0]))
	}
	return nil
}

// damagedIdentity says what to do when the data directory does not tell whose it is.
func damagedIdentity(s persistence.Storage, err error) error {
	dir := "the data directory"
	if d, ok := s.(interface{ Path() string }); ok {
		dir = d.Path()
	}
	return fmt.Errorf("%s in the data directory is damaged: %w; if every group of this node has other members that are healthy, remove %s: "+
		"the node will rejoin and fetch snapshots. Otherwise restore the file", identityFile, err, dir)
}

// checkStores looks whether every group's directory is still there. A member that has
// forgotten its log and its votes must not act under its old name. If others hold what
// this node holds it comes back under a new one; otherwise the operator has to decide.
func checkStores(s persistence.Storage, r *record, disk *diskIdentity, log *slog.Logger) (*record, error) {
	names, err := s.GroupNames()
	if err != nil {
		return nil, fmt.Errorf("listing the data directory: %w", err)
	}
	lost := slices.DeleteFunc(slices.Clone(disk.Stores), func(name string) bool { return slices.Contains(names, name) })
	if len(lost) == 0 {
		return r, nil
	}
	m, err := slotmap.Decode(r.Map)
	if err != nil || m.GroupOf(r.Node) == nil {
		return nil, fmt.Errorf("the directory of %s is missing in the data directory; put it back, "+
			"or remove the whole data directory to come back without data", lost[0])
	}
	own := m.GroupOf(r.Node)
	if len(own.Members) == 1 && m.Count(own.ID) > 0 && !slices.Contains(lost, seat{own.ID, roleData}.store()) {
		return nil, fmt.Errorf("the directory of %s is missing in the data directory, and this node is the only one that holds "+
			"the slots of its group: put it back; removing the whole data directory would lose those slots' keys", lost[0])
	}
	log.Warn("a group's directory is missing: this node comes back without its data, under a new incarnation", "missing", lost)
	if err := removeGroups(s); err != nil {
		return nil, err
	}
	r = reborn(r)
	return r, save(s, r)
}

// noteStore adds a group's store to the list in the data directory, or takes it off.
// A store is listed after its directory was made and taken off before it is removed, so
// that no crash makes a listed one look lost.
func noteStore(s persistence.Storage, name string, present bool) error {
	disk, err := loadDiskIdentity(s)
	if err != nil || disk == nil {
		return err
	}
	i, listed := slices.BinarySearch(disk.Stores, name)
	switch {
	case listed == present:
		return nil
	case present:
		disk.Stores = slices.Insert(disk.Stores, i, name)
	default:
		disk.Stores = slices.Delete(disk.Stores, i, i+1)
	}
	return saveDiskIdentity(s, disk)
}

func saveDiskIdentity(s persistence.Storage, d *diskIdentity) error {
	sum, err := d.sum()
	if err != nil {
		return err
	}
	sealed := *d
	sealed.Sum = sum
	b, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	if err := s.WriteFile(identityFile, b); err != nil {
		return fmt.Errorf("writing the data directory's identity: %w", err)
	}
	return nil
}

// dropStore removes a group's store.
func dropStore(s persistence.Storage, name string) error {
	if err := noteStore(s, name, false); err != nil {
		return err
	}
	return s.RemoveGroup(name)
}

// reborn changes a record whose data are lost: in a cluster of several nodes the node
// rejoins under a new incarnation, alone it begins anew under its old id.
func reborn(r *record) *record {
	m, err := slotmap.Decode(r.Map)
	if err != nil || len(m.Nodes()) < 2 {
		*r = *freshRecord(r.Node)
		return r
	}
	if r.Replaces != "" {
		r.Tried = append(r.Tried, r.Incarnation)
	} else {
		r.Replaces = r.Incarnation
	}
	r.Incarnation, r.Founding, r.Founded, r.Joining, r.JoinCluster = newID(incarnationSize), "", false, "", ""
	return r
}

func loadDiskIdentity(s persistence.Storage) (*diskIdentity, error) {
	b, err := s.ReadFile(identityFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the data directory's identity: %w", err)
	}
	var d diskIdentity
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, damagedIdentity(s, err)
	}
	if sum, err := d.sum(); err != nil || sum != d.Sum || d.Node == "" || d.Incarnation == "" {
		return nil, damagedIdentity(s, errors.Join(err, errors.New("its checksum does not match")))
	}
	return &d, nil
}

// sum is the checksum of the identity.
func (d diskIdentity) sum() (uint32, error) {
	d.Sum = 0
	plain, err := json.Marshal(d)
	return crc32.Checksum(plain, crc32.MakeTable(crc32.Castagnoli)), err
}

// save writes the config file first: a crash in between leaves a data directory of an
// older incarnation, which must not be used under the new one.
func save(s persistence.Storage, r *record) error {
	if err := saveConfig(s, r); err != nil {
		return err
	}
	disk, err := loadDiskIdentity(s)
	if err == nil && disk != nil && disk.Node == r.Node && disk.Incarnation == r.Incarnation {
		return nil
	}
	return saveDiskIdentity(s, &diskIdentity{Node: r.Node, Incarnation: r.Incarnation})
}

// saveConfig writes the config file only.
func saveConfig(s persistence.Storage, r *record) error {
	b, err := r.encode()
	if err != nil {
		return fmt.Errorf("encoding the cluster config file: %w", err)
	}
	if err := s.SaveConfig(b); err != nil {
		return fmt.Errorf("writing the cluster config file: %w", err)
	}
	return nil
}

// removeGroups deletes every group's store in the data directory.
func removeGroups(s persistence.Storage) error {
	names, err := s.GroupNames()
	if err != nil {
		return fmt.Errorf("listing the data directory: %w", err)
	}
	for _, name := range names {
		if err := dropStore(s, name); err != nil {
			return fmt.Errorf("removing %s: %w", name, err)
		}
	}
	return nil
}
