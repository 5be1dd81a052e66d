import ArgumentParser
import Checks
import Gateway
import Glibc
import Linux
import MailModel
import Patterns

/// Tables of rules on the command line.
enum RuleFiles {
    /// A table by its name; a file without a type is one of type pcre.
    static func name(_ argument: String, defaultType: TableType? = nil) throws -> TableName {
        if let defaultType, !argument.contains(":") || argument.hasPrefix("/") || argument.hasPrefix(".") {
            return TableName(type: defaultType, place: argument)
        }
        do throws(TableNameError) {
            return try TableName(argument)
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// Reads a table.
    static func read(_ name: TableName) throws -> RuleTable {
        if let held = try name.heldLines() { return RuleTable(name, text: held) }
        let file = try Descriptor.open(name.place, O_RDONLY)
        return RuleTable(name, text: try MailFile.readAll(file.raw, limit: RuleTable.Limits.bytes, name.place))
    }

    /// Reads and compiles tables, telling what is wrong with them as postmap does.
    /// - Parameter list: the list that they are for; nil for octets.
    static func compile(_ arguments: [String], for list: CheckList? = nil, program: String) throws -> [PatternTable] {
        try arguments.map { argument in
            let name = try name(argument)
            do {
                return try compiled(name, for: list, program: program)
            } catch {
                Terminal.printError("\(program): fatal: \(shown("\(error)"))")
                throw ExitCode.failure
            }
        }
    }

    /// Reads and compiles one table, telling what is wrong with its rules as postmap does.
    static func compiled(_ name: TableName, for list: CheckList? = nil, program: String) throws -> PatternTable {
        let table = PatternTable(try read(name), readsCharacters: list?.readsCharacters ?? false)
        for problem in table.problems {
            Terminal.printError("\(program): warning: \(shown(problem.logged(name)))")
        }
        return table
    }

    /// Text of a table for a terminal, as Postfix prints it: a question mark for what is not to be shown, a blank for
    /// a tab; a backslash is one.
    static func shown(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(2000) {
            out.append(scalar == "\t" ? " " : Escaping.isVisible(scalar) ? scalar : "?")
        }
        return String(out)
    }
}
