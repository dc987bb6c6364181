// Package resp is the wire codec of the Redis protocol, RESP2 and RESP3: it
// encodes replies (Writer), decodes requests (Parser), and holds the texts of
// the errors that clients see.
//
// It does not read or write sockets, and knows no command: framing only.
// Decoding replies is not its job either; tools and tests use a client library.
//
// Invariants:
//   - A Writer only ever appends whole protocol elements, so what stands in
//     Bytes is always a valid prefix of a reply.
//   - An error line never holds CR or LF, whatever the caller passes.
//   - A Parser allocates in proportion to the bytes it was given, never by a
//     length that a client merely announced, and looks at each byte a bounded
//     number of times however the request is cut into packets.
package resp
