package import Linux
package import MailModel

/// A scanner outside the inspector at one place: clamd at one address, a program, spamd, rspamd or one of the site's own. It
/// runs beside the gateway and sees mail that the gateway itself never decodes.
package protocol RemoteScanner: Sendable {
    /// Looks at one message.
    /// - Parameter deadline: nanoseconds of the monotonic clock; whatever waits must end by then.
    /// - Throws: why it gave no answer that counts. Silence, nonsense and doubt are failures, never clean.
    func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer

    /// What the scanner says of itself; nil when it has no way to say.
    func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion?
}

/// Why a scanner gave no answer that counts, for the administrator; may quote the scanner: escape before showing.
package struct ScannerFailure: Error, Hashable, CustomStringConvertible {
    package let description: String
    /// It was not asked, since it had as many messages as it is given at one time: that says nothing against it.
    package let isBusy: Bool
    /// It has ended the connection in place of an answer.
    let isClosed: Bool

    package init(_ description: String, isBusy: Bool = false) {
        self.init(description, isBusy: isBusy, isClosed: false)
    }

    init(_ description: String, isBusy: Bool = false, isClosed: Bool) {
        self.description = description
        self.isBusy = isBusy
        self.isClosed = isClosed
    }

    /// The deadline has passed.
    static let late = ScannerFailure("no answer in time")

    /// No place was free in time.
    static func busy(_ places: Int) -> ScannerFailure {
        ScannerFailure("busy, no place was free in time (concurrency \(places))", isBusy: true)
    }
}

/// What a scanner is given.
package struct ScanSubject: Sendable {
    /// The whole message: a file that can no longer change.
    package var message: Descriptor
    /// Octets of the message.
    package var size: Int
    /// The envelope sender, empty for the null sender, and the recipients, as text.
    package var sender: String
    package var recipients: [String]
    /// The client: its address, empty when unknown, and what it said in HELO.
    package var clientAddress: String
    package var helo: String
    /// The gateway's own name for the message.
    package var id: String
    /// Decoded parts; nil when nobody asked for them.
    package var parts: ScanParts?
    /// It is the sample of a self-test, which waits for no message.
    package var isSample = false

    package init(message: Descriptor, size: Int) {
        self.message = message
        self.size = size
        sender = ""
        recipients = []
        clientAddress = ""
        helo = ""
        id = ""
    }
}

/// The decoded parts of a message, all in one sealed file.
package struct ScanParts: Sendable {
    /// A sealed memory file.
    package var file: Descriptor
    package var entries: [Entry]

    /// One part. Texts come from mail.
    package struct Entry: Sendable, Hashable {
        /// Index of the part in the report.
        package var part: Int
        /// Where its content stands in the file.
        package var range: Range<Int>
        package var path: String
        package var name: String
        package var type: String

        package init(part: Int, range: Range<Int>, path: String, name: String, type: String) {
            self.part = part
            self.range = range
            self.path = path
            self.name = name
            self.type = type
        }
    }

    package init(file: Descriptor, entries: [Entry]) {
        self.file = file
        self.entries = entries
    }
}

/// What a scanner said. Its texts may come from mail: escape before showing.
package struct ScanAnswer: Sendable, Hashable {
    /// Viruses and other findings; `scanner` is filled in by whoever asked.
    package var findings: [Finding] = []
    /// Points for the spam score.
    package var tests: [ScoredTest] = []
    /// What the scanner did not look at, in its own words.
    package var unchecked: [Unchecked] = []
    /// The sum of a spam filter in its own points, before they are scaled; nil when the tests are not scaled.
    package var filterScore: Double?
    /// What it was not given or did not take for its size: nobody has looked at that.
    package private(set) var oversize: [Unchecked] = []
    /// It was not asked, since what is known without it decides.
    package var isNeedless = false
    /// The scanner says that it depends on the message and its parts alone, not on envelope or time.
    package var isOfContentOnly = false

    /// Findings, tests and so on that are kept of one answer.
    package static let entries = 200
    /// Octets of one text of an answer that are kept.
    package static let text = 400

    package init() {}

    /// It has looked at all that it was to look at.
    package var isWhole: Bool { oversize.isEmpty && !isNeedless }

    /// True when something hostile was found.
    package var isInfected: Bool { findings.contains { $0.kind == .virus } }

    mutating func addVirus(_ name: String, part: Int? = nil) {
        let name = name.isEmpty ? "unnamed" : cut(name)
        guard !findings.contains(where: { $0.name == name && $0.part == part }) else { return }
        // One of those that are not kept may be the one that counts.
        guard findings.count < Self.entries else {
            let rest = Unchecked(.overLimits, detail: "more than \(Self.entries) finds")
            return unchecked.contains(rest) ? () : addUnchecked(rest.reason, rest.detail)
        }
        findings.append(Finding(scanner: "", kind: .virus, name: name, part: part))
    }

    /// Adds what libclamav, whoever runs it, calls a find: some names say that it did not look.
    mutating func add(alert name: String, part: Int? = nil) {
        if let reason = UncheckedReason(alert: name) {
            addUnchecked(reason, name, part: part)
        } else {
            addVirus(name, part: part)
        }
    }

    /// Adds another answer about the same message.
    mutating func add(_ other: ScanAnswer) {
        for finding in other.findings { addVirus(finding.name, part: finding.part) }
        for item in other.unchecked { addUnchecked(item.reason, item.detail, part: item.part) }
        for item in other.oversize { addOversize(item.detail, part: item.part) }
        tests += other.tests
    }

    mutating func addUnchecked(_ reason: UncheckedReason, _ detail: String, part: Int? = nil) {
        guard unchecked.count < Self.entries else {
            unchecked[Self.entries - 1] = Unchecked(.overLimits, detail: "more than \(Self.entries) reasons")
            return
        }
        unchecked.append(Unchecked(reason, part: part, detail: cut(detail)))
    }

    /// - Parameter detail: which limit it was.
    mutating func addOversize(_ detail: String, part: Int? = nil) {
        guard oversize.count < Self.entries else { return }
        oversize.append(Unchecked(.overLimits, part: part, detail: cut(detail)))
    }

    mutating func addTest(_ name: String, _ score: Double, _ evidence: String = "") {
        guard tests.count < Self.entries else { return }
        tests.append(ScoredTest(name: cut(name), score: score, evidence: cut(evidence)))
    }

    /// - Parameter name: a test whose points are in those of another one.
    mutating func addTest(inSum name: String) {
        guard tests.count < Self.entries else { return }
        var test = ScoredTest(name: cut(name), score: 0)
        test.isInSum = true
        tests.append(test)
    }

    private func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.text)))
    }
}

/// A scanner's own account of itself.
package struct ScannerVersion: Sendable, Hashable {
    /// The whole line; escape before showing.
    package var text: String
    /// Unix time of its signatures; nil when it does not say.
    package var signatureTime: Int?
    /// Nanoseconds beyond that time.
    package var fraction: Int

    package init(text: String, signatureTime: Int? = nil, fraction: Int = 0) {
        self.text = text
        self.signatureTime = signatureTime
        self.fraction = fraction
    }
}
