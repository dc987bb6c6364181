package lua

// Limits on one run of a script. They are part of the state machine: all members
// must stop a script at the same instruction, so a change needs a new entry version.
const (
	maxSteps       = 100_000_000 // instructions, and what library functions are charged for
	maxAllocBytes  = 512 << 20   // all that is allocated in the run, garbage included
	maxCallFrames  = 8000        // nested calls
	maxRegisters   = 256 << 10   // values on a thread's stack
	maxThreadCalls = 400         // nested calls of a coroutine, or below many calls of pcall
	maxProtected   = 190         // nested calls of pcall
	largeProtected = 8           // of which so many may nest maxCallFrames calls
	maxUnpacked    = 7990        // values that unpack and string.byte return
	maxReplyDepth  = 1000        // nested tables of a reply
)

// Sizes that states start with and grow by.
const (
	startRegisters  = 2048
	growRegisters   = 8192
	threadRegisters = 512
)

// What library functions are charged, in steps and bytes.
const (
	stepsPerCall    = 20 // of a Redis command
	bytesPerStep    = 64 // that a function copies or compares
	costString      = 32 // bytes of a string without its data
	costItem        = 24 // bytes of an array item
	costField       = 160
	costTable       = 320
	costThread      = 64 << 10
	stepsPerError   = 200
	stepsPerResume  = 50
	stepsPerValue   = 8 // of a reply
	stepsPerCompile = 4 // for each byte of source
)

// Limits on what an Engine keeps between runs.
const (
	maxCachedChunks = 1000
	maxCachedBytes  = 16 << 20 // of source text
	maxFreeStates   = 16
)
