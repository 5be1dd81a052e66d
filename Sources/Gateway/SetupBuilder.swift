internal import Configuration
internal import Glibc
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Members
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Policy
internal import Relay
internal import RemoteChecks
internal import SMTP
internal import Stores

/// Why the gateway cannot start or take over new settings, in words for the administrator.
package struct GatewayError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Turns settings into what the parts of the gateway take.
struct SetupBuilder {
    let settings: Settings
    let hostname: String

    init(_ settings: Settings) {
        self.settings = settings
        hostname = settings.hostname.isEmpty ? Machine.name : settings.hostname
    }

    /// Messages that are inspected at one time.
    var workers: Int {
        settings.inspector.workers > 0 ? settings.inspector.workers : Machine.processors
    }

    // MARK: - Inspection

    /// The signatures to load: the configured directory, or the shipped test signatures when it is empty, or none was named and
    /// the default is not there.
    /// - Throws: why the directory cannot be read: what is in it is not known then.
    func database() throws -> SignatureDatabase? {
        guard settings.clamav.enabled else { return nil }
        let directory = settings.clamav.database
        do throws(SystemError) {
            if Self.areSignatures(try directoryNames(directory)) {
                return SignatureDatabase(directory: directory, isTestOnly: false)
            }
        } catch {
            // Where none was named, freshclam has not been installed yet. One that was named is not mounted, or is misspelt.
            guard error.code == ENOENT, directory == Settings().clamav.database else {
                throw GatewayError("clamav.database: \(error)")
            }
        }
        guard !settings.clamav.testDatabase.isEmpty else {
            throw GatewayError("clamav.database: \(directory) holds no signatures, and clamav.test_database is none")
        }
        return SignatureDatabase(directory: settings.clamav.testDatabase, isTestOnly: true)
    }

    /// True when the directory has a file that libclamav would load.
    static func holdsSignatures(_ directory: String) -> Bool {
        (try? directoryNames(directory)).map(areSignatures) ?? false
    }

    private static func areSignatures(_ names: [String]) -> Bool {
        let endings = [
            ".cvd", ".cld", ".cud", ".ndb", ".ndu", ".hdb", ".hdu", ".hsb", ".hsu", ".mdb", ".mdu", ".msb", ".msu",
            ".ldb",
            ".ldu", ".db", ".cdb", ".pdb", ".gdb", ".idb", ".yar", ".yara", ".cbc",
        ]
        return names.contains { name in endings.contains { name.hasSuffix($0) } }
    }

    private func engineOptions(_ database: SignatureDatabase) -> EngineOptions {
        var options = settings.clamav.options
        // Those for tests are signed by nobody.
        if database.isTestOnly { options.remove(.officialOnly) }
        if !settings.clamav.nameScores.isEmpty || !NameScores.mildNames(settings).isEmpty {
            options.insert(.allMatches)
        }
        return options
    }

    func poolSettings(
        _ database: SignatureDatabase?, _ rules: RuleBook?, path: String
    ) -> InspectorPoolSettings {
        let clamav = database.map {
            ClamAVSettings(
                database: $0.directory, maxScanSize: settings.clamav.maxScanSize,
                maxRecursion: settings.clamav.maxRecursion, maxFiles: settings.clamav.maxFiles,
                options: engineOptions($0),
                excludedPUA: Array(settings.clamav.excludePUA.prefix(ControlLimits.categories)),
                selfCheck: settings.clamav.selfCheck, cachesScans: settings.cache.parts)
        }
        let inspector = settings.inspector
        return InspectorPoolSettings(
            path: path,
            pool: PoolMachine.Settings(
                workers: workers, spares: inspector.spares, messagesPerWorker: inspector.messagesPerWorker),
            configure: Configure(
                generation: 0, workspace: "", clamav: clamav, allowWeakerSandbox: inspector.sandbox == .allowWeaker,
                workerMemory: inspector.memory,
                workerFileSize: max(
                    inspector.reportSize, settings.limits.messageSize * 2, settings.unpacking.workspace,
                    settings.scanning.partsSize),
                passwords: Array(settings.unpacking.passwords.prefix(ControlLimits.passwords))),
            limits: InspectionLimits(
                mimeParts: settings.limits.mimeParts, mimeDepth: settings.limits.mimeDepth,
                headerBytes: settings.limits.headerBytes, headerFields: settings.limits.headerFields,
                parameters: settings.limits.mimeParameters, boundaryLength: settings.limits.mimeBoundaryLength,
                readings: settings.limits.mimeReadings, readingBytes: settings.limits.mimeReadingBytes,
                decodedBytes: settings.limits.messageSize * 2, textBytes: settings.limits.textBytes,
                htmlEdits: settings.limits.htmlEdits, htmlAttributes: settings.limits.htmlAttributes,
                unpacking: unpackingLimits),
            reportSize: inspector.reportSize, selfTest: clamav != nil,
            isReloadedBeside: settings.clamav.concurrentReload,
            rules: rules.flatMap { $0.isEmpty ? nil : $0.source })
    }

    var cache: MessageCache {
        let cache = settings.cache
        return MessageCache(limit: cache.messages, lifetimes: .init(clean: cache.clean, infected: cache.infected))
    }

    /// What findings are worth that are no viruses.
    /// - Throws: what is wrong with a pattern of these or of a scanner, for the administrator.
    func nameScores() throws -> NameScores {
        if let refusal = ScannerRemarks.remarks(on: settings).first(where: \.isRefusal) {
            throw GatewayError(refusal.text)
        }
        return try NameScores(settings.clamav.nameScores, mild: NameScores.mildNames(settings))
    }

    /// Scanners outside the inspector.
    /// - Parameter inspector: path of `mailreeve-inspector`; the launcher stands beside it unless the settings say where.
    func scanners(inspector: String, log: @escaping @Sendable (String) -> Void) throws -> ScannerSet {
        let directory = inspector.lastIndex(of: "/").map { String(inspector[...$0]) } ?? ""
        let launcher = settings.scanning.launcher
        return try ScannerTable(
            launcher: launcher.isEmpty ? directory + "mailreeve-launcher" : launcher, settings: settings
        ).scanners(try nameScores(), log: log)
    }

    private var unpackingLimits: UnpackingLimits {
        let unpacking = settings.unpacking
        return UnpackingLimits(
            levels: unpacking.levels, files: unpacking.files, minimumQuota: unpacking.minimumQuota,
            maximumQuota: unpacking.maximumQuota, minimumFactor: unpacking.minimumFactor,
            maximumFactor: unpacking.maximumFactor, ratio: unpacking.ratio, seconds: unpacking.seconds,
            processorSeconds: unpacking.processorSeconds, memory: unpacking.memory,
            memberMemory: unpacking.memberMemory,
            workspace: unpacking.workspace, passwords: unpacking.passwordTries,
            containers: ContainerLimits(
                hiddenArchives: unpacking.hiddenArchives, marks: unpacking.marks, dictionary: unpacking.dictionary,
                buffer: unpacking.buffer, encodedFiles: unpacking.encodedFiles,
                zipDirectories: unpacking.zipDirectories, zipPieces: unpacking.zipPieces,
                imageNames: unpacking.imageNames, passwordKeys: unpacking.passwordKeys))
    }

    // MARK: - Stores

    var spoolDirectory: String { settings.stateDirectory + "/spool" }
    var servedDirectory: String { settings.stateDirectory + "/served" }

    var servedLimits: ServedRecipients.Limits {
        ServedRecipients.Limits(entries: settings.limits.servedMessages, seconds: settings.limits.servedTime)
    }

    var spoolLimits: Spool.Limits {
        Spool.Limits(
            directory: spoolDirectory, memoryPerMessage: settings.limits.spoolMemoryPerMessage,
            totalBytes: settings.limits.spoolBytes, messages: settings.limits.messagesInFlight,
            freeSpace: settings.limits.freeSpace, watched: [spoolDirectory, settings.workspace.directory])
    }

    // MARK: - Listeners and next hops

    func listeners(group: any EventLoopGroup, disk: NIOThreadPool) async throws -> [String: ListenerSetup] {
        var out: [String: ListenerSetup] = [:]
        for listener in settings.listeners {
            guard let policy = settings.policies[listener.policy] else {
                throw GatewayError("listener \(listener.address): there is no policy \(listener.policy)")
            }
            let options = try nextHopOptions(policy.nextHopTLS)
            out[listener.address.description] = ListenerSetup(
                name: listener.address.description, placement: listener.placement, policyName: listener.policy,
                relaysXFORWARD: listener.xforwardClients, hops: policy.nextHops.map(Self.hop),
                nextHop: await NextHopClient(group: group, options: options, disk: disk))
        }
        return out
    }

    /// A policy's settings in the form in which they judge, with what is not set as the placement wants it.
    static func contentPolicy(_ policy: Settings.PolicySettings, _ placement: Placement) -> ContentPolicy {
        func either(_ chosen: Destiny?, before: Destiny = .reject, after: Destiny) -> Destiny {
            chosen ?? (placement == .beforeQueue ? before : after)
        }
        let levels = policy.levels
        var content = ContentPolicy(
            infected: either(policy.infected, after: .discard), unchecked: policy.unchecked,
            rule: either(policy.rule, after: .discard), banned: either(policy.banned, after: .discard),
            spam: either(policy.spam, after: .pass), spammy: policy.spammy, badHeader: policy.badHeader,
            oversized: either(policy.oversized, after: .bounce),
            levels: SpamLevels(
                tag: levels.tag, tag2: levels.tag2, tag3: levels.tag3, kill: levels.kill, dsnCutoff: levels.dsnCutoff,
                quarantineCutoff: levels.quarantineCutoff),
            judging: JudgingPolicy(anomalies: policy.anomalies, badHeaders: Set(policy.badHeaderChecks)),
            quarantine: policy.quarantine, addVirusScanned: policy.addVirusScanned, addReceived: policy.addReceived,
            addAmbiguityResults: policy.addAmbiguityResults)
        content.bannedRules = policy.bannedRules
        content.lovers = Set(policy.lovers)
        content.bypass = Set(policy.bypass)
        content.allowSkips = Set(policy.allowSkips)
        content.sizeLimit = policy.sizeLimit
        content.originating = policy.originating
        content.softBounce = policy.softBounce
        content.shadow = policy.shadow
        content.marking = marking(policy)
        content.noticeLanguage = policy.noticeLanguage
        content.digestCategories = policy.digest ? Set(policy.digestCategories) : []
        let isMeant = policy.originating || policy.disclaimerMail == .all
        content.disclaimer = isMeant && policy.disclaimer != Settings.noDisclaimer ? policy.disclaimer : nil
        content.sanitizeHTML = Set(policy.sanitizeHTML)
        content.unsanitized = policy.unsanitized
        content.warnRecipients = Set(policy.warnRecipients)
        content.admins = policy.admins.mapValues { MailPath($0) }
        content.newVirusAdmin = policy.newVirusAdmin.isEmpty ? nil : MailPath(policy.newVirusAdmin)
        content.quarantinePlaces = policy.quarantineTo
        content.replyTexts = policy.replyTexts
        content.virusDestinies = policy.virusDestinies.map {
            VirusDestiny(part: $0.part.lowercased(), destiny: $0.destiny)
        }
        content.honestViruses = policy.honestViruses.map { $0.lowercased() }
        return content
    }

    private static func marking(_ policy: Settings.PolicySettings) -> MarkingPolicy {
        var marking = MarkingPolicy()
        marking.addsSpamFields = policy.addSpamFields
        marking.addsSpamReport = policy.addSpamReport
        marking.subjectTags = policy.subjectTags
        marking.thirdTag = policy.thirdTag
        marking.addressExtensions = policy.addressExtensions
        marking.defang = Set(policy.defang)
        marking.alwaysBCC = policy.alwaysBCC.map { MailPath($0) }
        marking.virusScannedText = policy.virusScannedText
        marking.addsCategory = policy.addCategory
        marking.fieldNames = policy.fieldNames == .amavis ? .amavis : .mailreeve
        marking.authenticationResults = policy.authenticationResults.map { setting in
            switch setting {
            case .keep: .keep
            case .removeOurs: .removeOurs
            case .remove: .remove
            }
        }
        return marking
    }

    func nextHopOptions(_ tls: Settings.NextHopTLS) throws -> NextHopOptions {
        var options = NextHopOptions(heloName: hostname)
        let timeouts = settings.timeouts
        options.connectTimeout = .seconds(timeouts.nextHopConnect)
        options.replyTimeout = .seconds(timeouts.nextHopReply)
        options.dataDoneTimeout = .seconds(timeouts.nextHopDataDone)
        options.maximumUses = settings.limits.nextHopMessages
        options.idleTimeout = .seconds(timeouts.nextHopIdle)
        switch tls {
        case .none: options.tls = .none
        case .may: options.tls = .may
        case .encrypt: options.tls = .encrypt
        case .verify: options.tls = .verify
        }
        options.tlsContext = try TLSContexts.client(options.tls)
        return options
    }

    static func hop(_ address: NextHopAddress) -> NextHop {
        switch address {
        case .tcp(.smtp, let host, let port): .smtp(.tcp(host: host, port: port))
        case .tcp(.lmtp, let host, let port): .lmtp(.tcp(host: host, port: port))
        case .unix(.smtp, let path): .smtp(.unix(path: path))
        case .unix(.lmtp, let path): .lmtp(.unix(path: path))
        case .maildir(let path): .maildir(path: path)
        }
    }

    static func endpoint(_ address: ListenAddress) -> Endpoint {
        switch address {
        case .tcp(let host, let port): .tcp(host: host.description, port: port)
        case .unix(let path): .unix(path: path)
        }
    }

    func listenerOptions(bound: [ListenAddress: Int32] = [:]) throws -> [ListenerOptions] {
        let context = try tlsContext()
        return try settings.listeners.map { listener in
            var session = ServerSession.Settings(hostname: hostname)
            session.maximumMessageSize = settings.limits.messageSize
            session.maximumRecipients = settings.limits.recipients
            session.maximumCommandLine = settings.limits.commandLine
            session.maximumErrors = settings.limits.commandErrors
            session.lineEndings = listener.effectiveLineEndings
            session.softBounce = settings.policies[listener.policy]?.softBounce ?? false
            switch listener.startTLS {
            case .none: session.startTLS = .none
            case .may: session.startTLS = .may
            case .encrypt: session.startTLS = .encrypt
            }
            var options = ListenerOptions(
                name: listener.address.description, endpoint: Self.endpoint(listener.address), session: session)
            options.access = try access(listener)
            options.boundDescriptor = bound[listener.address]
            let (allowed, forwarding) = (listener.allowedClients, listener.xforwardClients)
            options.clientAllowed = { client in client.isUnix || allowed.contains { $0.contains(client.text) } }
            options.xforwardAllowed = { client in client.isUnix || forwarding.contains { $0.contains(client.text) } }
            let timeouts = settings.timeouts
            options.deadlines.command = .seconds(timeouts.command)
            options.deadlines.dataBlock = .seconds(timeouts.dataBlock)
            options.deadlines.message = .seconds(timeouts.message)
            options.deadlines.minimumRate = timeouts.minimumRate
            options.tls = listener.startTLS == .none ? nil : context
            return options
        }
    }

    func access(_ listener: Settings.Listener) throws -> ListeningSocket.Access {
        var access = ListeningSocket.Access(mode: UInt32(listener.mode))
        guard !listener.owner.isEmpty else { return access }
        let names = listener.owner.split(separator: ":", maxSplits: 1).map(String.init)
        if let user = names.first, !user.isEmpty {
            guard let found = getpwnam(user) else { throw GatewayError("there is no user \(user)") }
            access.user = found.pointee.pw_uid
        }
        if names.count == 2 {
            guard let found = getgrnam(names[1]) else { throw GatewayError("there is no group \(names[1])") }
            access.group = found.pointee.gr_gid
        }
        return access
    }

    private func tlsContext() throws -> NIOSSLContext? {
        guard !settings.tls.certificate.isEmpty else { return nil }
        do {
            return try TLSContexts.server(certificateFile: settings.tls.certificate, keyFile: settings.tls.key)
        } catch {
            throw GatewayError("tls: \(settings.tls.certificate), \(settings.tls.key): \(error)")
        }
    }
}
