import ArgumentParser
import Checks
import Glibc
import Linux
import Patterns

/// `mailreeve rules import-amavis`: rules on names and types of files from an amavisd.conf.
struct RulesImportAmavisCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-amavis",
        abstract: "Turn $banned_filename_re, $banned_namepath_re and %banned_rules of an amavisd.conf into rules.",
        discussion: """
            The rules go to standard output, for a file that banned.rules of the settings names. Perl is not run: literal \
            tables are read. What was not taken over, and what is said elsewhere here, goes to standard error as \
            FILE:LINE: text.

            Exit codes: 0 everything was taken over; 1 a rule was not; 64 wrong usage; 66 the file could not be read.
            """)

    @Argument(help: "A configuration file of amavis.")
    var file: String

    func run() throws {
        let text: [UInt8]
        do {
            let opened = try Descriptor.open(file, O_RDONLY)
            text = try MailFile.readAll(opened.raw, limit: BannedRules.Limits.bytes, file)
        } catch {
            Terminal.printError("rules import-amavis: \(RuleFiles.shown("\(file): \(error)"))")
            throw ExitCode(66)
        }
        let imported = AmavisImport(text, name: file, refusal: BannedLint.refusal)
        var isComplete = true
        func tell(_ line: Int, _ text: String) {
            Terminal.printError("\(RuleFiles.shown("\(file):\(line): \(text)"))")
        }
        for note in imported.notes {
            tell(note.line, note.text)
            if note.isLoss { isComplete = false }
        }
        Terminal.write(imported.rules)
        if !isComplete { throw ExitCode.failure }
    }
}
