import Checks
import Patterns

/// A table from its text.
func table(_ text: String, _ type: TableType = .pcre, place: String = "test") -> PatternTable {
    PatternTable(RuleTable(TableName(type: type, place: place), text: Array(text.utf8)))
}
