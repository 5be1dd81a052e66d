// The control records: gateway and zygote on one SEQPACKET socket, gateway and each worker on another.
//
//   gateway -> zygote   Configure (first, with [tables of rules] where there are any), Fork
//   zygote  -> gateway  Ready or Failed, Forked (with [worker socket, pidfd]), Exited, DatabaseChanged
//   worker  -> gateway  Hello (with [report file]), Done
//   gateway -> worker   Inspect (with [message file], or [message file, parts file] where parts are wanted)
//
// While a worker inspects, its report file says whether the embedded engine has its turn (EngineMark).
//
// The end of the stream ends the reader: no worker outlives its zygote, no zygote outlives its gateway.

package import MailModel
package import Members

/// First record to a zygote: everything it needs before it forks.
package struct Configure: Hashable, Sendable {
    /// Number of the generation, for logs.
    package var generation: Int
    /// Directory of this generation below the workspace; exists, on tmpfs. The only place that workers can touch.
    package var workspace: String
    /// Scanner settings; nil loads no engine.
    package var clamav: ClamAVSettings?
    /// Go on with what the kernel has when it lacks part of the sandbox.
    package var allowWeakerSandbox: Bool
    /// Highest Landlock ABI to use; tests lower it to see how older kernels behave. 0 stands for a kernel without Landlock.
    package var landlockABI: Int
    /// Address space of a worker beyond that of the zygote, octets.
    package var workerMemory: Int
    /// Largest file that a worker may write (its report, scratch files), octets. Below `maxScanSize` it is the real limit
    /// of what libclamav unpacks; reaching it is reported as over-limits.
    package var workerFileSize: Int
    /// The site's own passwords for encrypted archives.
    package var passwords: [String]

    package init(
        generation: Int, workspace: String, clamav: ClamAVSettings?, allowWeakerSandbox: Bool = false,
        landlockABI: Int = Int(Int32.max), workerMemory: Int, workerFileSize: Int, passwords: [String] = []
    ) {
        self.generation = generation
        self.workspace = workspace
        self.clamav = clamav
        self.allowWeakerSandbox = allowWeakerSandbox
        self.landlockABI = landlockABI
        self.workerMemory = workerMemory
        self.workerFileSize = workerFileSize
        self.passwords = passwords
    }
}

/// Settings of the embedded scanner, in libclamav's terms.
package struct ClamAVSettings: Hashable, Sendable {
    package var database: String
    package var maxScanSize: Int
    package var maxRecursion: Int
    package var maxFiles: Int
    package var options: EngineOptions
    /// Categories of possibly unwanted applications that are left out.
    package var excludedPUA: [String]
    /// Seconds between two looks for changed signatures; 0 for none.
    package var selfCheck: Int
    /// A worker does not scan again what it has found clean.
    package var cachesScans: Bool

    package init(
        database: String, maxScanSize: Int, maxRecursion: Int, maxFiles: Int,
        options: EngineOptions = .standard, excludedPUA: [String] = [], selfCheck: Int = 0,
        cachesScans: Bool = false
    ) {
        self.database = database
        self.maxScanSize = maxScanSize
        self.maxRecursion = maxRecursion
        self.maxFiles = maxFiles
        self.options = options
        self.excludedPUA = excludedPUA
        self.selfCheck = selfCheck
        self.cachesScans = cachesScans
    }
}

/// The zygote is loaded and may fork.
package struct Ready: Hashable, Sendable {
    /// Signatures loaded; 0 without an engine.
    package var signatures: Int
    /// `ClamAV 1.4.6`; empty without an engine.
    package var engineVersion: String
    /// Version of the newest daily database and its build time as Unix time; 0 where there is none.
    package var databaseVersion: Int
    package var databaseTime: Int
    /// The makers have signed it; nobody has signed a `daily.cud`.
    package var isSigned: Bool
    /// Landlock ABI in use; 0 for none.
    package var landlockABI: Int
    /// `RuleTables.number` of the tables in use; 0 without.
    package var rules: Int
    /// What is wrong with the tables, in Postfix's words; the first ones.
    package var ruleProblems: [String]
    /// Number of the generation; filled in by the gateway, which gave it.
    package var generation = 0

    package init(
        signatures: Int, engineVersion: String, databaseVersion: Int, databaseTime: Int, isSigned: Bool = true,
        landlockABI: Int, rules: Int = 0, ruleProblems: [String] = []
    ) {
        self.signatures = signatures
        self.engineVersion = engineVersion
        self.databaseVersion = databaseVersion
        self.databaseTime = databaseTime
        self.isSigned = isSigned
        self.landlockABI = landlockABI
        self.rules = rules
        self.ruleProblems = ruleProblems
    }

    /// The daily database of the makers is among the signatures.
    package var isOfficial: Bool { isSigned && databaseVersion > 0 }
}

/// A request to inspect one message.
package struct Inspect: Hashable, Sendable {
    /// Echoed in `Done`.
    package var request: Int
    /// Name of this message's directory below the worker's workspace; exists and is empty.
    package var workspace: String
    package var context: InspectionContext
    package var limits: InspectionLimits
    /// The embedded engine is not to look at it: the message ended workers while it did.
    package var withoutEngine: Bool

    package init(
        request: Int, workspace: String, context: InspectionContext = InspectionContext(), limits: InspectionLimits,
        withoutEngine: Bool = false
    ) {
        self.request = request
        self.workspace = workspace
        self.context = context
        self.limits = limits
        self.withoutEngine = withoutEngine
    }
}

/// What a worker is told of a message besides its octets.
package struct InspectionContext: Hashable, Sendable {
    /// The message came with SMTPUTF8 (RFC 6531): UTF-8 in its header is in order.
    package var smtputf8: Bool
    /// Which tokens of the spam scorer are wanted.
    package var tokens: TokenRequest
    /// Octets of each message that lies in the file, one behind the other, where tokens alone are wanted; empty else. At most
    /// `ControlLimits.messages`.
    package var messages: [Int]

    /// Words are wanted as SpamAssassin keys them, too.
    package var foreignTokens: Bool
    /// Addresses of the envelope, whose names and domains are tried as passwords; at most `ControlLimits.addresses`.
    package var addresses: [String]
    /// Octets of decoded parts that are wanted in the file that comes with the request; 0 for none, and no file.
    package var partsLimit: Int
    /// Texts that are to be put into the message, as `TextContent.letters` gives them: whether they stand there already, and
    /// where they can go. At most `TextEnd.textLimit` of `TextEnd.lettersLimit` octets.
    package var texts: [[UInt8]]
    /// What is to be taken out of its HTML for some of its recipients, in an order of the gateway's. At most
    /// `HTMLHazard.setLimit`.
    package var hazards: [Set<HTMLHazard>]

    package init(
        smtputf8: Bool = false, tokens: TokenRequest = .none, messages: [Int] = [], foreignTokens: Bool = false,
        addresses: [String] = [], partsLimit: Int = 0, texts: [[UInt8]] = [], hazards: [Set<HTMLHazard>] = []
    ) {
        self.smtputf8 = smtputf8
        self.tokens = tokens
        self.messages = messages
        self.foreignTokens = foreignTokens
        self.partsLimit = partsLimit
        self.addresses = addresses
        self.texts = texts
        self.hazards = hazards
    }
}

/// What a worker is to say of a message's tokens.
package enum TokenRequest: Int, Hashable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Their numbers.
    case numbers
    /// Their numbers and what they stand for, to be shown to a person.
    case texts
    /// Their numbers and nothing else of the message: for learning, several messages in one request.
    case only
}

/// Limits of one inspection; reaching one is reported, never hidden.
package struct InspectionLimits: Hashable, Sendable {
    package var mimeParts: Int
    package var mimeDepth: Int
    /// Octets and fields of one header block, parameters of one field, octets of a boundary.
    package var headerBytes: Int
    package var headerFields: Int
    package var parameters: Int
    package var boundaryLength: Int
    /// Readings besides the ordinary one, and octets in them beyond four times the message.
    package var readings: Int
    package var readingBytes: Int
    /// Octets of decoded content held at one time.
    package var decodedBytes: Int
    /// Octets of one part's text that are read as people see them.
    package var textBytes: Int
    /// Places that are changed in HTML, for one set of hazards; attributes of a tag that stays there.
    package var htmlEdits: Int
    package var htmlAttributes: Int
    package var unpacking: UnpackingLimits

    package init(
        mimeParts: Int, mimeDepth: Int, headerBytes: Int, headerFields: Int, parameters: Int, boundaryLength: Int,
        readings: Int, readingBytes: Int, decodedBytes: Int, textBytes: Int,
        htmlEdits: Int, htmlAttributes: Int,
        unpacking: UnpackingLimits = UnpackingLimits()
    ) {
        self.mimeParts = mimeParts
        self.mimeDepth = mimeDepth
        self.headerBytes = headerBytes
        self.headerFields = headerFields
        self.parameters = parameters
        self.boundaryLength = boundaryLength
        self.readings = readings
        self.readingBytes = readingBytes
        self.decodedBytes = decodedBytes
        self.textBytes = textBytes
        self.htmlEdits = htmlEdits
        self.htmlAttributes = htmlAttributes
        self.unpacking = unpacking
    }
}

/// Records from gateway to zygote.
package enum ZygoteRequest: Hashable, Sendable {
    case configure(Configure)
    /// Fork one worker, known by this number from now on.
    case fork(worker: Int)
}

/// Records from zygote to gateway.
package enum ZygoteEvent: Hashable, Sendable {
    case ready(Ready)
    /// Loading or the sandbox failed; the zygote ends.
    case failed(String)
    /// With two descriptors: the worker's socket, its pidfd.
    case forked(worker: Int, pid: Int)
    /// A worker has ended; `status` says how (`exit 0`, `signal 9`). Without a `forked` before it: the worker could not be
    /// forked at all (`not forked: ...`).
    case exited(worker: Int, status: String)
    /// The files of the signatures have changed since they were loaded, and have come to rest.
    case databaseChanged
}

/// Records from worker to gateway.
package enum WorkerEvent: Hashable, Sendable {
    /// The sandbox is closed and the worker waits; with one descriptor, the report file that it writes again and again: an
    /// `EngineMark`, and then the report.
    case hello
    /// The report is in the file, from offset 0.
    case done(request: Int, reportLength: Int)
}
