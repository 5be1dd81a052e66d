/// `; did you mean 'x'?` for the candidate nearest to `word`, or the empty text when none is near.
func suggestion(for word: String, among candidates: [String]) -> String {
    guard let best = nearest(to: word, among: candidates) else { return "" }
    return "; did you mean '\(best)'?"
}

/// The candidate with the smallest edit distance to `word` that is at most a third of its length (at least 1, at most 4);
/// of equals the first. Case and the choice between `-` and `_` are not counted.
func nearest(to word: String, among candidates: [String]) -> String? {
    let wanted = folded(word)
    // Longer than any key: no suggestion, and no quadratic work.
    guard wanted.count <= 64 else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(wanted, folded(candidate))
        guard distance <= min(4, max(1, candidate.utf8.count / 3)) else { continue }
        if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.word
}

private func folded(_ text: String) -> [UInt8] {
    text.lowercased().utf8.map { $0 == 0x2D ? 0x5F : $0 }
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
            var cost = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforePrevious[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
}
