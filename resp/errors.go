package resp

// Texts of the errors that clients see, as Writer.Error takes them: the code
// first, no '-'. Those that name something are formats for Writer.Errorf, and
// say so by their name's end (F). They are Redis' own words where Redis has the
// error; client libraries match on the first word, and some on the whole.

// Errors of arguments and values.
const (
	ErrWrongType       = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrSyntax          = "ERR syntax error"
	ErrNoSuchKey       = "ERR no such key"
	ErrSameObject      = "ERR source and destination objects are the same"
	ErrIndexRange      = "ERR index out of range"
	ErrNotInteger      = "ERR value is not an integer or out of range"
	ErrNotFloat        = "ERR value is not a valid float"
	ErrOutOfRange      = "ERR value is out of range"
	ErrNotPositive     = "ERR value is out of range, must be positive"
	ErrOffsetRange     = "ERR offset is out of range"
	ErrOverflow        = "ERR increment or decrement would overflow"
	ErrDecrOverflow    = "ERR decrement would overflow"
	ErrNaNOrInfinity   = "ERR increment would produce NaN or Infinity"
	ErrScoreNaN        = "ERR resulting score is not a number (NaN)"
	ErrWeightNotFloat  = "ERR weight value is not a float"
	ErrHashNotInteger  = "ERR hash value is not an integer"
	ErrHashNotFloat    = "ERR hash value is not a float"
	ErrMinMaxNotFloat  = "ERR min or max is not a float"
	ErrMinMaxNotString = "ERR min or max not valid string range item"
	ErrStringTooLong   = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	ErrBitNotInteger   = "ERR bit is not an integer or out of range"
	ErrBitOffset       = "ERR bit offset is not an integer or out of range"
	ErrBitArgument     = "ERR The bit argument must be 1 or 0."
	ErrInvalidCursor   = "ERR invalid cursor"
	ErrTimeoutNotFloat = "ERR timeout is not a float or out of range"
	ErrTimeoutNegative = "ERR timeout is negative"
	ErrInvalidExpireF  = "ERR invalid expire time in '%s' command"
	ErrNumKeys         = "ERR numkeys should be greater than 0"
	ErrNumKeysTooBig   = "ERR Number of keys can't be greater than number of args"
	ErrNumKeysNegative = "ERR Number of keys can't be negative"
	ErrBusyKey         = "BUSYKEY Target key name already exists."
	ErrDBIndex         = "ERR DB index is out of range"
)

// Errors of dispatch: the command did not run.
const (
	ErrUnknownCommandF    = "ERR unknown command '%s', with args beginning with: %s"
	ErrUnknownSubcommandF = "ERR unknown subcommand '%s'. Try %s HELP."
	ErrWrongArityF        = "ERR wrong number of arguments for '%s' command"
	ErrNoAuth             = "NOAUTH Authentication required."
	ErrWrongPass          = "WRONGPASS invalid username-password pair or user is disabled."
	ErrNoPassword         = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	ErrNoProto            = "NOPROTO unsupported protocol version"
	ErrProtoNotInteger    = "ERR Protocol version is not an integer or out of range"
	ErrNoPermCommandF     = "NOPERM this user has no permissions to run the '%s' command"
	ErrNoPermKey          = "NOPERM this user has no permissions to access one of the keys used as arguments"
	ErrNoPermChannel      = "NOPERM this user has no permissions to access one of the channels used as arguments"
	ErrMaxClients         = "ERR max number of clients reached"
	ErrOOM                = "OOM command not allowed when used memory > 'maxmemory'."
	ErrDiskFull           = "MISCONF Errors writing to the log: No space left on device. Commands that may modify the data set are disabled until there is space again."
	ErrLoading            = "LOADING Redis is loading the dataset in memory"
	ErrReadOnlyReplica    = "READONLY You can't write against a read only replica."
	ErrSubscribedOnlyF    = "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	ErrSyntaxHelpF        = "ERR unknown subcommand or wrong number of arguments for '%s'. Try %s HELP."
)

// Errors of transactions.
const (
	ErrNestedMulti         = "ERR MULTI calls can not be nested"
	ErrExecWithoutMulti    = "ERR EXEC without MULTI"
	ErrDiscardWithoutMulti = "ERR DISCARD without MULTI"
	ErrWatchInsideMulti    = "ERR WATCH inside MULTI is not allowed"
	ErrExecAbort           = "EXECABORT Transaction discarded because of previous errors."
	ErrNotInMulti          = "ERR Command not allowed inside a transaction"
)

// Errors of scripts.
const (
	ErrNoScript     = "NOSCRIPT No matching script. Please use EVAL."
	ErrBusyScript   = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	ErrNotBusy      = "NOTBUSY No scripts in execution right now."
	ErrUnkillable   = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
	ErrScriptNoCall = "ERR This Redis command is not allowed from script"
)

// Errors of the cluster. Each but ErrIndeterminate says that the command
// certainly did not run: client libraries retry on these words by themselves.
const (
	ErrCrossSlot          = "CROSSSLOT Keys in request don't hash to the same slot"
	ErrTryAgain           = "TRYAGAIN Multiple keys request during rehashing of slot"
	ErrClusterDown        = "CLUSTERDOWN The cluster is down"
	ErrClusterDownReads   = "CLUSTERDOWN The cluster is down and only accepts read commands"
	ErrSlotNotServed      = "CLUSTERDOWN Hash slot not served"
	ErrMovedF             = "MOVED %d %s:%d" // slot, host, port
	ErrAskF               = "ASK %d %s:%d"   // slot, host, port
	ErrSelectInCluster    = "ERR SELECT is not allowed in cluster mode"
	ErrNoCluster          = "ERR This instance has cluster support disabled"
	ErrUnblockedNewMaster = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
	ErrUnblockedByClient  = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
)

// ErrIndeterminate is the answer when the outcome of a write is unknown: it was
// handed to the log, and it may have been applied, or may yet be. It is never
// used for a command that certainly did not run, nor any other error for one
// that may have.
const ErrIndeterminate = "INDETERMINATE the write may or may not have been applied"
