package wiretest

import (
	"fmt"
	"os"
)

// OwnHost returns one of the addresses of the loopback network, by n from 0 to 1, that no
// other test process uses. The port of a server that dies may be taken by another server, and
// a client that connects to it again must not reach that of another test. Not every system
// has such addresses.
func OwnHost(n int) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 1+n<<6+pid>>16&63, pid>>8&255, pid&255)
}
