/// Bounds of matching, so that no pattern and no text can hang a worker.
package struct PatternLimits: Hashable, Sendable {
    /// Steps of one match of a pcre pattern (`PCRE2_MATCH_LIMIT`); PCRE2's own default, and so Postfix's, is 10,000,000.
    package var matchSteps = 10_000_000
    /// KiB of heap that one match of a pcre pattern may take (`heap_limit` of pcre2api(3)).
    package var heapKiB = 20_000
    /// Octets of the stack that a compiled pattern runs on.
    package var jitStack = 1_048_576

    package init() {}
}

/// What came of one match.
enum MatchResult: Equatable {
    case match
    case noMatch
    /// The engine gave up, in its own words; counts as no match (`pcre_table(5)`), even for a negated pattern.
    case failed(String)
}
