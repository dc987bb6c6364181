package config_test

import (
	"strconv"
	"testing"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// Clients leave the process some of its file descriptors.
func TestLimitFiles(t *testing.T) {
	for _, tt := range []struct {
		files   uint64
		asked   string
		want    int
		lowered bool
	}{
		{20000, "10000", 10000, false}, {11024, "10000", 10000, false}, {11023, "10000", 9999, true}, {1024, "10000", 512, true},
		{1024, "100", 100, false}, {100, "10000", 50, true}, {1, "10000", 1, true},
	} {
		c, _, err := config.Parse([]string{"--maxclients", tt.asked}, nil)
		if err != nil {
			t.Fatal(err)
		}
		limited, lowered := c.LimitFiles(tt.files)
		if text, _ := limited.Value("maxclients"); limited.Clients.Max != tt.want || text != strconv.Itoa(tt.want) || lowered != tt.lowered {
			t.Errorf("%d files, %s clients: %d (%s), lowered: %t", tt.files, tt.asked, limited.Clients.Max, text, lowered)
		}
	}
}

// CONFIG SET answers as Redis does to more clients than there are files for.
func TestSetMoreClientsThanFiles(t *testing.T) {
	c, _ := config.Default().LimitFiles(1024)
	_, err := c.Set([][2]string{{"maxclients", "513"}}, config.SetOptions{})
	const want = "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able to handle the specified number of clients, try with 512"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if c, err = c.Set([][2]string{{"maxclients", "512"}, {"timeout", "1"}}, config.SetOptions{}); err != nil || c.Clients.Max != 512 {
		t.Errorf("got %v", err)
	}
}
