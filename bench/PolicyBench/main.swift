import Configuration
import Gateway
import Glibc
import MailModel

// policy-bench: how long it takes to find the policy of every recipient of a message.
//
// usage: policy-bench [RECIPIENTS [ROUNDS]]

/// Writes a table to a file that is removed at the end.
func table(_ name: String, _ lines: [String]) -> String {
    let path = "/tmp/policy-bench-\(getpid())-\(name)"
    guard let file = fopen(path, "w") else { fatalError("cannot write \(path)") }
    for line in lines { fputs(line + "\n", file) }
    fclose(file)
    return path
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let count = arguments.first ?? 100
let rounds = arguments.dropFirst().first ?? 200

let recipients = table("recipients", (0..<10_000).map { "user\($0)@example.com levels.kill=\($0 % 20).5" })
let friends = table("friends", (0..<10_000).map { "friend\($0)@example.org OK" })
let patterns = table("patterns.pcre", (0..<100).map { "/^robot\($0)\\+.*@/ lovers=spam" })
defer { for path in [recipients, friends, patterns] { unlink(path) } }

var yaml = """
    local_domains: [.example.com]
    recipient_tables: ["texthash:\(recipients)", "pcre:\(patterns)"]
    policies:
      default:
        allow_senders: ["texthash:\(friends)"]
    banks:
      - {name: MYNETS, clients: [10.0.0.0/8, 192.168.0.0/16], originating: yes}
      - {name: PARTNERS, senders: [.partner.example], levels: {kill: 20}}
      - {name: USERS, authenticated: yes, originating: yes}
    recipients:

    """
for number in 0..<200 { yaml += "  - {match: [boss\(number)@example.com], spam: discard}\n" }
let loaded = ConfigurationFile.parse(yaml, file: "bench")
for problem in loaded.problems { print(problem) }
let book = try PolicyBook(loaded.settings)
let envelope = (0..<count).map { number in
    // Half of them have settings of their own: as many policies have to be made.
    Recipient(
        path: MailPath(number.isMultiple(of: 2) ? "user\(number)@example.com" : "Other.\(number)+x@sub.example.com"))
}
let mail = PolicyBook.Circumstances(
    listener: "127.0.0.1:10024", client: IPAddress("203.0.113.9"), sender: MailPath("someone@mail.partner.example"),
    isAuthenticated: false)

var best = Int.max
var groups = 0
for _ in 0..<rounds {
    let start = ContinuousClock.now
    let resolution = try PolicyResolution(book, policy: "default", .afterQueue, mail, recipients: envelope)
    let spent = ContinuousClock.now - start
    groups = resolution.groups.count
    best = min(best, Int(spent.components.attoseconds / 1_000_000_000_000))
}
print("\(count) recipients, \(groups) policies: \(best) us (best of \(rounds))")
