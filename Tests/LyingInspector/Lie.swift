/// What a lying worker does. The name is the last component of the database path in `Configure.clamav`
/// (`/lie/truncated`); with `once` before it (`/lie/once/truncated`) only the first worker lies and all others are
/// `honest`; with `official` the engine says that it has official signatures. Without scanner settings every worker is honest. The two messages with the subject `self-test` are always
/// answered as they should be, where the lie is not told before the first message.
///
/// Before the first message
/// - `failed`: the zygote says that loading failed.
/// - `never-ready`: the zygote does not answer its settings.
/// - `zygote-exits`: the zygote ends at the first request to fork.
/// - `no-hello`: the worker stays silent from the start.
/// - `hello-without-report`: the hello carries no descriptor.
/// - `hello-twice`: a second hello in place of the first answer.
/// - `report-pipe`, `report-directory`, `report-zero`: the report file is a pipe, a directory, `/dev/zero`.
///
/// Answers
/// - `honest`: a correct report of a clean message.
/// - `infected`: a correct report with one finding, `Lie.Test`.
/// - `dictated`: a correct report of what the message's `X-Report:` fields say (`DictatedReport.swift`).
/// - `hang`: none, ever.
/// - `exit`: the worker ends with status 0; `crash`: by a signal.
/// - `engine-crash`, `engine-hang`: the same while the engine has its turn; without the engine it is `honest`.
/// - `engine-blamed`: ends by a signal, and says each time that the engine has its turn, without it too.
/// - `garbage`: a control record that is none; `empty-record`: one without octets, which reads as an end of stream.
/// - `oversized-record`: a control record of 65,537 octets.
/// - `extra-descriptors`: a correct answer with eight descriptors.
/// - `wrong-request`: the answer to another request.
/// - `done-twice`: a correct answer twice.
/// - `done-early`: a correct answer, and at once the answer to the request that will come next.
/// - `negative-length`, `longer-than-file`, `huge-length`: what `Done` says of the report's size.
///
/// Reports
/// - `truncated`: cut in the middle; `trailing`: octets behind the end; `wrong-version`; `wrong-type`.
/// - `huge-count`: claims 2^62 parts; `many-parts`: claims one part more than allowed.
/// - `wrong-message-size`: of another message.
/// - `part-index`: a finding in a part that is not there.
/// - `unknown-word`: a finding of a kind that does not exist.
/// - `control-characters`: accepted, but its names hold line ends, escape sequences and NUL.
/// - `long-name`: a name of 1 MB.
/// - `many-findings`: claims one finding more than allowed.
/// - `endless-times`: a virus, and two times of one stage whose sum is no number.
/// - `many-times`: one stage with a time more than allowed.
///
/// Rules, where the first list has one rule, on its first line
/// - `rule-line`, `rule-table`, `rule-list`: a rule that is not there.
/// - `rule-groups`: more groups than there can be.
/// - `rule-range`: a rule that fires beyond the message; `rule-edit`: one that would change all of it.
/// - `rule-twice`: an edit twice at one place.
/// - `rule-given-up`: a rule that is not there was given up.
/// - `rule-generation`: tables of another time fired, as the zygote says.
enum Lie: String, CaseIterable {
    case failed
    case neverReady = "never-ready"
    case zygoteExits = "zygote-exits"
    case noHello = "no-hello"
    case helloWithoutReport = "hello-without-report"
    case helloTwice = "hello-twice"
    case reportPipe = "report-pipe"
    case reportDirectory = "report-directory"
    case reportZero = "report-zero"
    case honest
    case infected
    case dictated
    case hang
    case exit
    case crash
    case engineCrash = "engine-crash"
    case engineHang = "engine-hang"
    case engineBlamed = "engine-blamed"
    case garbage
    case emptyRecord = "empty-record"
    case oversizedRecord = "oversized-record"
    case extraDescriptors = "extra-descriptors"
    case wrongRequest = "wrong-request"
    case doneTwice = "done-twice"
    case doneEarly = "done-early"
    case negativeLength = "negative-length"
    case longerThanFile = "longer-than-file"
    case hugeLength = "huge-length"
    case truncated
    case trailing
    case wrongVersion = "wrong-version"
    case wrongType = "wrong-type"
    case hugeCount = "huge-count"
    case manyParts = "many-parts"
    case wrongMessageSize = "wrong-message-size"
    case partIndex = "part-index"
    case unknownWord = "unknown-word"
    case controlCharacters = "control-characters"
    case longName = "long-name"
    case manyFindings = "many-findings"
    case endlessTimes = "endless-times"
    case manyTimes = "many-times"
    case partsUnasked = "parts-unasked"
    case partsBeyond = "parts-beyond"
    case partsIndex = "parts-index"
    case partsMapped = "parts-mapped"
    case ruleLine = "rule-line"
    case ruleTable = "rule-table"
    case ruleList = "rule-list"
    case ruleGroups = "rule-groups"
    case ruleRange = "rule-range"
    case ruleEdit = "rule-edit"
    case ruleTwice = "rule-twice"
    case ruleGivenUp = "rule-given-up"
    case ruleGeneration = "rule-generation"

    /// The lie that a database path asks for, whether only the first worker tells it, and whether signatures are official.
    static func asked(by path: String?) -> (lie: Lie, once: Bool, isOfficial: Bool) {
        let components = path?.split(separator: "/").map { String($0) } ?? []
        return (
            components.last.flatMap { Lie(rawValue: $0) } ?? .honest, components.contains("once"),
            components.contains("official")
        )
    }
}
