import ArgumentParser
import Checks
import Glibc
import Linux
import MailModel
import Patterns

/// `mailreeve rules query`: what `postmap -q` prints.
struct RulesQueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Look a key, or each line or field of a message, up in tables.",
        discussion: """
            Prints exactly what postmap -q KEY prints. With - the keys come from standard input, one in each line; with -h \
            and -b it is a message, whose header fields or body lines are the keys, and with -m it is read as MIME, as \
            header_checks and body_checks do. Tables are pcre:FILE, regexp:FILE or rules in braces; the first that answers \
            wins. Options come first; a key that is one of them goes behind --, as in rules query -- -h pcre:FILE.

            Exit codes: 0 something was found; 1 nothing was, or a failure; 64 wrong usage.
            """, helpNames: [.long])

    @Flag(name: .customShort("h"), help: "Header fields of the message are keys.")
    var headers = false
    @Flag(name: .customShort("b"), help: "Body lines of the message are keys.")
    var body = false
    @Flag(name: .customShort("m"), help: "Read the message as MIME.")
    var mime = false
    @Flag(name: .customShort("U"), help: "Demand UTF-8 of keys and results with -h and -b too.")
    var utf8 = false
    @Flag(help: "Print table, line, groups and microseconds of each answer beside it.")
    var explain = false
    @Argument(help: "The key, or - for standard input.")
    var key: String
    @Argument(help: "Tables: pcre:FILE, regexp:FILE, pcre:{{rule} {rule}}.")
    var tables: [String]

    /// Arguments of the program with a `--` in front of the key: what is none of the options here is a key, whatever it begins
    /// with, as for postmap(1).
    static func separated(_ arguments: [String]) -> [String] {
        guard arguments.starts(with: ["rules", "query"]) else { return arguments }
        let key = arguments.dropFirst(2).firstIndex { argument in
            let letters = argument.dropFirst()
            let isShort = argument.first == "-" && !letters.isEmpty && letters.allSatisfy { "hbmU".contains($0) }
            return !isShort && argument != "--explain" && argument != "--help"
        }
        guard let key, arguments[key] != "--" else { return arguments }
        return arguments[..<key] + ["--"] + arguments[key...]
    }

    func run() throws {
        if key != "-", headers || body || mime {
            Terminal.printError("rules query: fatal: specify -b -h or -m only with -")
            throw ExitCode.failure
        }
        if mime, !headers, !body { Terminal.printError("rules query: warning: ignoring -m option without -b or -h") }
        // As postmap does: a table that is not reached is not missed.
        let compiled = tables.map { argument -> TableQuery.Source in
            do {
                return .success(try RuleFiles.compiled(try TableName(argument), program: "rules query"))
            } catch {
                return .failure(TableQuery.Refusal(text: "\(error)"))
            }
        }
        let mode = TableQuery.Mode(headers: headers, body: body, mime: mime)
        let query = TableQuery(compiled, demandsUTF8: utf8 || !mode.isMessage)
        guard key == "-" else {
            throw ExitCode(answer(Self.octets(of: key), query))
        }
        let input = try MailFile.readAll(0, limit: MailFile.sizeLimit, "standard input")
        throw ExitCode(try Confinement.run { answerAll(input, mode, query) })
    }

    private func answer(_ key: [UInt8], _ query: TableQuery) -> Int32 {
        var query = query
        var status: Int32 = 1
        do throws(TableQuery.Refusal) {
            let start = monotonicNow()
            if let answer = try query.answer(key.span) {
                Terminal.write(answer.value + [0x0A])
                if explain { tell(answer, monotonicNow() - start) }
                status = 0
            }
        } catch {
            return fail(error, query)
        }
        warn(query)
        return status
    }

    private func answerAll(_ input: [UInt8], _ mode: TableQuery.Mode, _ query: TableQuery) -> Int32 {
        var query = query
        var out: [UInt8] = []
        var status: Int32 = 1
        var last = monotonicNow()
        do throws(TableQuery.Refusal) {
            try query.answers(input.span, mode) { answer in
                out += answer.key + [0x09] + answer.value + [0x0A]
                status = 0
                let now = monotonicNow()
                if explain {
                    Terminal.write(out)
                    out = []
                    tell(answer, now - last)
                }
                last = monotonicNow()
                if out.count > 65_536 {
                    Terminal.write(out)
                    out = []
                }
            }
        } catch {
            Terminal.write(out)
            return fail(error, query)
        }
        Terminal.write(out)
        warn(query)
        return status
    }

    private func tell(_ answer: TableQuery.Answer, _ nanoseconds: Int) {
        var text = "  # \(tables[answer.table]) line \(answer.match.line)"
        for (number, group) in answer.match.groups.enumerated().dropFirst() {
            let words = group.map { "\"\(Escaping.text(Array(answer.key[$0]), limit: 200))\"" } ?? "-"
            text += ", $\(number)=\(words)"
        }
        Terminal.write(Array("\(Escaping.text(text, limit: 4000)), \(nanoseconds / 1000) us\n".utf8))
    }

    private func warn(_ query: TableQuery) {
        for warning in query.warnings { Terminal.printError("rules query: warning: \(RuleFiles.shown(warning))") }
    }

    private func fail(_ refusal: TableQuery.Refusal, _ query: TableQuery) -> Int32 {
        warn(query)
        Terminal.printError("rules query: fatal: \(RuleFiles.shown(refusal.text))")
        return 1
    }

    /// The octets of an argument: as text they would have been made UTF-8 already.
    private static func octets(of argument: String) -> [UInt8] {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let raw = CommandLine.unsafeArgv[index] else { continue }
            let octets = Array(UnsafeBufferPointer(start: raw, count: strlen(raw))).map { UInt8(bitPattern: $0) }
            if String(decoding: octets, as: UTF8.self) == argument { return octets }
        }
        return Array(argument.utf8)
    }
}
