internal import Scoring

extension BayesStore {
    /// Cuts the tokens into as many buckets as suit the budget (`bayes.tokens`), when that has changed since the store was made.
    func fitBuckets(_ writing: any StoreWriting) throws(StoreError) {
        var totals = try totals(writing)
        guard totals.tokenBits != freshTokenBits else { return }
        let old = BucketScheme(bits: totals.tokenBits)
        var records: [TokenRecord] = []
        try writing.forEach(.tokens, from: []) { key, value in
            records += TokenBucket.records(value, bucket: Octets.number(ofKey: key), old)
            return true
        }
        try writing.removeAll(.tokens)
        totals.tokenBits = freshTokenBits
        try add(records, BucketScheme(bits: totals.tokenBits), writing)
        try put(totals, writing)
    }

    /// Adds tokens to those that are there; of several with one key the first stays.
    /// - Returns: how many were added, and how many of them are SpamAssassin's.
    @discardableResult
    func add(
        _ tokens: [TokenRecord], _ scheme: BucketScheme, _ writing: any StoreWriting
    ) throws(StoreError) -> (count: Int, foreign: Int) {
        // Not every sort keeps the order of what is alike.
        let order = tokens.indices.sorted {
            (scheme.order(tokens[$0].key), $0) < (scheme.order(tokens[$1].key), $1)
        }
        var added = (count: 0, foreign: 0)
        var start = 0
        while start < order.count {
            let number = scheme.bucket(tokens[order[start]].key)
            var records: [TokenRecord] = []
            _ = try writing.look(.tokens, Octets.key(number).span) {
                records = TokenBucket.records($0, bucket: number, scheme)
            }
            var known = Set(records.map(\.key))
            while start < order.count, scheme.bucket(tokens[order[start]].key) == number {
                let record = tokens[order[start]]
                start += 1
                guard known.insert(record.key).inserted else { continue }
                records.append(record)
                added.count += 1
                if Features.tokenClass(record.key) == .foreign { added.foreign += 1 }
            }
            records.sort { $0.key < $1.key }
            try writing.put(.tokens, Octets.key(number).span, TokenBucket.encoded(records, scheme).span)
        }
        return added
    }
}
