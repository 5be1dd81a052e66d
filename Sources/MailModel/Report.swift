/// What the inspector says of one message: facts, never orders. Its texts come from hostile mail: escape before showing.
package struct Report: Hashable, Sendable {
    /// Octets of the message that was inspected; the gateway compares it with what it sent.
    package var messageSize: Int
    /// Every part, in the order of the tree.
    package var parts: [PartDescription]
    package var findings: [Finding]
    package var anomalies: [Anomaly]
    package var unchecked: [Unchecked]
    /// Rules that fired, in the order in which their texts were looked up.
    package var firings: [RuleFiring]
    /// Rules that fired beyond the limits and would only have been logged.
    package var unloggedFirings = 0
    /// Rules on which an engine gave up.
    package var givenUp: [RuleGivenUp]
    /// Rules on names and types of files that hold.
    package var banned: [BannedFiring]
    /// Where a text can be put, plain text first; asked for by `InspectionContext.texts`.
    package var textEnds: [TextEnd] = []
    /// Why none can; nil when it can, or nobody asked.
    package var textObstacle: TextObstacle?
    /// How its HTML becomes harmless, for each of `InspectionContext.hazards`.
    package var htmlCleanings: [HTMLCleaning] = []
    /// Names of the limits that were reached.
    package var limitsHit: [String]
    /// Scanners that saw the whole message, by name.
    package var completedScanners: [String]
    /// Parts whose decoded content was put into the file for other scanners, and where it stands there.
    package var materialised: [MaterialisedPart] = []
    /// Microseconds by stage.
    package var timings: [Timing]
    /// Numbers of the tokens that the spam scorer takes from the message, in ascending order, where they were asked for.
    package var tokens: [UInt64]
    /// What tokens stand for, where that was asked for.
    package var tokenTexts: [TokenText]
    /// The tokens of each message, where the request was for the tokens of several and nothing else.
    package var lessons: [[UInt64]] = []

    package struct Timing: Hashable, Sendable {
        package var stage: String
        package var microseconds: Int

        package init(stage: String, microseconds: Int) {
            self.stage = stage
            self.microseconds = microseconds
        }
    }

    package init(
        messageSize: Int, parts: [PartDescription] = [], findings: [Finding] = [], anomalies: [Anomaly] = [],
        unchecked: [Unchecked] = [], firings: [RuleFiring] = [], givenUp: [RuleGivenUp] = [],
        banned: [BannedFiring] = [], limitsHit: [String] = [], completedScanners: [String] = [],
        timings: [Timing] = [], tokens: [UInt64] = [], tokenTexts: [TokenText] = []
    ) {
        self.messageSize = messageSize
        self.parts = parts
        self.findings = findings
        self.anomalies = anomalies
        self.unchecked = unchecked
        self.firings = firings
        self.givenUp = givenUp
        self.banned = banned
        self.limitsHit = limitsHit
        self.completedScanners = completedScanners
        self.timings = timings
        self.tokens = tokens
        self.tokenTexts = tokenTexts
    }
}

/// The decoded content of one part in the file for other scanners.
package struct MaterialisedPart: Hashable, Sendable {
    /// Index of the part.
    package var part: Int
    package var range: Range<Int>

    package init(part: Int, range: Range<Int>) {
        self.part = part
        self.range = range
    }
}

/// The readable form of one token.
package struct TokenText: Hashable, Sendable {
    package var token: UInt64
    /// Escape before showing.
    package var text: String

    package init(token: UInt64, text: String) {
        self.token = token
        self.text = text
    }
}
