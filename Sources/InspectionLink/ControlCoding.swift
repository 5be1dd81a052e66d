internal import MailModel
internal import Members

extension ZygoteRequest {
    package func encoded() -> [UInt8] {
        switch self {
        case .configure(let settings):
            var out = RecordWriter(type: 1)
            out.put(settings.generation)
            out.put(settings.workspace)
            out.put(settings.clamav != nil)
            if let clamav = settings.clamav {
                out.put(clamav.database)
                out.put(clamav.maxScanSize)
                out.put(clamav.maxRecursion)
                out.put(clamav.maxFiles)
                out.put(clamav.options.rawValue)
                out.put(clamav.excludedPUA) { out, category in out.put(category) }
                out.put(clamav.selfCheck)
                out.put(clamav.cachesScans)
            }
            out.put(settings.allowWeakerSandbox)
            out.put(settings.landlockABI)
            out.put(settings.workerMemory)
            out.put(settings.workerFileSize)
            out.put(settings.passwords) { out, password in out.put(password) }
            return out.bytes
        case .fork(let worker):
            var out = RecordWriter(type: 2)
            out.put(worker)
            return out.bytes
        }
    }

    package init(_ record: [UInt8]) throws(RecordError) {
        var reader = try RecordReader(record)
        switch reader.type {
        case 1:
            let generation = try reader.int()
            let workspace = try reader.string(limit: ControlLimits.path)
            var clamav: ClamAVSettings?
            if try reader.bool() {
                clamav = ClamAVSettings(
                    database: try reader.string(limit: ControlLimits.path), maxScanSize: try reader.int(),
                    maxRecursion: try reader.int(), maxFiles: try reader.int(),
                    options: EngineOptions(rawValue: try reader.int(in: 0...EngineOptions.known.rawValue)),
                    excludedPUA: try reader.list(limit: ControlLimits.categories) { reader throws(RecordError) in
                        try reader.string(limit: ControlLimits.category)
                    }, selfCheck: try reader.int(in: 0...86_400), cachesScans: try reader.bool())
            }
            self = .configure(
                Configure(
                    generation: generation, workspace: workspace, clamav: clamav,
                    allowWeakerSandbox: try reader.bool(), landlockABI: try reader.int(),
                    workerMemory: try reader.int(), workerFileSize: try reader.int(),
                    passwords: try reader.list(limit: ControlLimits.passwords) { reader throws(RecordError) in
                        try reader.string(limit: ControlLimits.password)
                    }))
        case 2:
            self = .fork(worker: try reader.int())
        default:
            throw .type(reader.type)
        }
        try reader.end()
    }
}

extension ZygoteEvent {
    package func encoded() -> [UInt8] {
        switch self {
        case .ready(let ready):
            var out = RecordWriter(type: 11)
            out.put(ready.signatures)
            out.put(ready.engineVersion)
            out.put(ready.databaseVersion)
            out.put(ready.databaseTime)
            out.put(ready.isSigned)
            out.put(ready.landlockABI)
            out.put(ready.rules)
            out.put(ready.ruleProblems) { out, text in out.put(text) }
            return out.bytes
        case .failed(let text):
            var out = RecordWriter(type: 12)
            out.put(text)
            return out.bytes
        case .forked(let worker, let pid):
            var out = RecordWriter(type: 13)
            out.put(worker)
            out.put(pid)
            return out.bytes
        case .databaseChanged:
            return RecordWriter(type: 15).bytes
        case .exited(let worker, let status):
            var out = RecordWriter(type: 14)
            out.put(worker)
            out.put(status)
            return out.bytes
        }
    }

    package init(_ record: [UInt8]) throws(RecordError) {
        var reader = try RecordReader(record)
        switch reader.type {
        case 11:
            self = .ready(
                Ready(
                    signatures: try reader.int(in: 0...Int.max), engineVersion: try reader.string(limit: 200),
                    databaseVersion: try reader.int(in: 0...Int.max), databaseTime: try reader.int(in: 0...Int.max),
                    isSigned: try reader.bool(), landlockABI: try reader.int(in: 0...1000), rules: try reader.int(),
                    ruleProblems: try reader.list(limit: ControlLimits.ruleProblems) { reader throws(RecordError) in
                        try reader.string(limit: ControlLimits.ruleProblem)
                    }))
        case 12:
            self = .failed(try reader.string(limit: ControlLimits.text))
        case 13:
            self = .forked(worker: try reader.int(), pid: try reader.int())
        case 14:
            self = .exited(worker: try reader.int(), status: try reader.string(limit: 200))
        case 15:
            self = .databaseChanged
        default:
            throw .type(reader.type)
        }
        try reader.end()
    }
}

extension WorkerEvent {
    package func encoded() -> [UInt8] {
        switch self {
        case .hello:
            return RecordWriter(type: 21).bytes
        case .done(let request, let reportLength):
            var out = RecordWriter(type: 22)
            out.put(request)
            out.put(reportLength)
            return out.bytes
        }
    }

    package init(_ record: [UInt8]) throws(RecordError) {
        var reader = try RecordReader(record)
        switch reader.type {
        case 21: self = .hello
        case 22: self = .done(request: try reader.int(), reportLength: try reader.int(in: 0...Int.max))
        default: throw .type(reader.type)
        }
        try reader.end()
    }
}

extension Inspect {
    package func encoded() -> [UInt8] {
        var out = RecordWriter(type: 31)
        out.put(request)
        out.put(workspace)
        out.put(withoutEngine)
        out.put(context.smtputf8)
        out.put(context.tokens.rawValue)
        out.put(context.messages) { out, length in out.put(length) }
        out.put(context.foreignTokens)
        out.put(context.addresses) { out, address in out.put(address) }
        out.put(context.partsLimit)
        out.put(context.texts) { out, text in out.put(text) }
        out.put(context.hazards) { out, set in out.put(hazards: set) }
        for limit in [
            limits.mimeParts, limits.mimeDepth, limits.headerBytes, limits.headerFields, limits.parameters,
            limits.boundaryLength, limits.readings, limits.readingBytes, limits.decodedBytes, limits.textBytes,
            limits.htmlEdits, limits.htmlAttributes,
        ] {
            out.put(limit)
        }
        let unpacking = limits.unpacking
        for limit in [
            unpacking.levels, unpacking.files, unpacking.minimumQuota, unpacking.maximumQuota, unpacking.minimumFactor,
            unpacking.maximumFactor, unpacking.ratio, unpacking.seconds, unpacking.processorSeconds, unpacking.memory,
            unpacking.memberMemory, unpacking.workspace, unpacking.passwords,
            unpacking.containers.hiddenArchives, unpacking.containers.marks, unpacking.containers.dictionary,
            unpacking.containers.buffer, unpacking.containers.encodedFiles, unpacking.containers.zipDirectories,
            unpacking.containers.zipPieces, unpacking.containers.imageNames, unpacking.containers.passwordKeys,
        ] {
            out.put(limit)
        }
        return out.bytes
    }

    package init(_ record: [UInt8]) throws(RecordError) {
        var reader = try RecordReader(record)
        guard reader.type == 31 else { throw .type(reader.type) }
        let some = 1...Int.max
        let any = 0...Int.max
        let (request, workspace) = (try reader.int(), try reader.string(limit: ControlLimits.path))
        let withoutEngine = try reader.bool()
        let context = InspectionContext(
            smtputf8: try reader.bool(), tokens: try Self.tokenRequest(&reader),
            messages: try reader.list(limit: ControlLimits.messages) { reader throws(RecordError) in
                try reader.int(in: any)
            },
            foreignTokens: try reader.bool(),
            addresses: try reader.list(limit: ControlLimits.addresses) { reader throws(RecordError) in
                try reader.string(limit: ControlLimits.address)
            }, partsLimit: try reader.int(in: any),
            texts: try reader.list(limit: TextEnd.textLimit) { reader throws(RecordError) in
                try reader.bytes(limit: TextEnd.lettersLimit)
            },
            hazards: try reader.list(limit: HTMLHazard.setLimit) { reader throws(RecordError) in
                try reader.hazards()
            })
        self.init(
            request: request, workspace: workspace, context: context,
            limits: InspectionLimits(
                mimeParts: try reader.int(in: some), mimeDepth: try reader.int(in: some),
                headerBytes: try reader.int(in: some), headerFields: try reader.int(in: some),
                parameters: try reader.int(in: some), boundaryLength: try reader.int(in: some),
                readings: try reader.int(in: any), readingBytes: try reader.int(in: any),
                decodedBytes: try reader.int(in: some), textBytes: try reader.int(in: any),
                htmlEdits: try reader.int(in: 1...HTMLEdit.countLimit), htmlAttributes: try reader.int(in: some),
                unpacking: UnpackingLimits(
                    levels: try reader.int(in: any), files: try reader.int(in: any),
                    minimumQuota: try reader.int(in: any), maximumQuota: try reader.int(in: any),
                    minimumFactor: try reader.int(in: any), maximumFactor: try reader.int(in: any),
                    ratio: try reader.int(in: some), seconds: try reader.int(in: 0...UnpackingLimits.longestTime),
                    processorSeconds: try reader.int(in: 0...UnpackingLimits.longestTime),
                    memory: try reader.int(in: any),
                    memberMemory: try reader.int(in: any), workspace: try reader.int(in: any),
                    passwords: try reader.int(in: any),
                    containers: ContainerLimits(
                        hiddenArchives: try reader.int(in: any), marks: try reader.int(in: any),
                        dictionary: try reader.int(in: any), buffer: try reader.int(in: any),
                        encodedFiles: try reader.int(in: any), zipDirectories: try reader.int(in: some),
                        zipPieces: try reader.int(in: any), imageNames: try reader.int(in: any),
                        passwordKeys: try reader.int(in: any)))), withoutEngine: withoutEngine)
        try reader.end()
    }

    private static func tokenRequest(_ reader: inout RecordReader) throws(RecordError) -> TokenRequest {
        let number = try reader.int()
        guard let request = TokenRequest(rawValue: number) else { throw .value("token request \(number)") }
        return request
    }
}

/// Bounds of text in control records.
package enum ControlLimits {
    /// Octets of a path (`PATH_MAX`).
    package static let path = 4096
    /// Passwords of the site, and octets of one.
    package static let passwords = 200
    package static let password = 128
    /// Categories of possibly unwanted applications, and octets of one.
    package static let categories = 200
    package static let category = 64
    /// Addresses of the envelope that are tried as passwords, and octets of one (RFC 5321 section 4.5.3.1: 64 and 255).
    package static let addresses = 10
    package static let address = 320
    /// Messages of one request for tokens.
    package static let messages = 64
    /// Octets of a failure text.
    package static let text = 8192
    /// Problems of rules that are told, and octets of one: together they fit into a record.
    package static let ruleProblems = 100
    package static let ruleProblem = 400
}
