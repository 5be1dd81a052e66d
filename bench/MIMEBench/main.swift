// mime-bench: how fast the MIME reader is.
//
//   mime-bench              the typical mixes and the adversarial table, as rows of Markdown
//   mime-bench typical      the typical mixes alone
//   mime-bench NAME...      adversarial inputs whose names hold one of these words
//   mime-bench --write DIR  writes the typical mix to files, for other readers

internal import MIME

let arguments = Array(CommandLine.arguments.dropFirst())

if arguments.first == "--write", arguments.count == 2 {
    for (number, message) in TypicalMail.withAttachments().enumerated() {
        write(file: "\(arguments[1])/\(number).eml", message)
    }
} else {
    if arguments.isEmpty || arguments == ["typical"] { Tables.typical() }
    if arguments != ["typical"] { Tables.adversarial(arguments) }
}
