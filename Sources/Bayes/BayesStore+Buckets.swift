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
        try put(records, BucketScheme(bits: totals.tokenBits), writing)
        try put(totals, writing)
    }

    /// Writes all tokens of a store that has none.
    func put(_ tokens: [TokenRecord], _ scheme: BucketScheme, _ writing: any StoreWriting) throws(StoreError) {
        let records = tokens.sorted { scheme.order($0.key) < scheme.order($1.key) }
        var start = 0
        while start < records.count {
            let bucket = scheme.bucket(records[start].key)
            var end = start
            while end < records.count, scheme.bucket(records[end].key) == bucket { end += 1 }
            try writing.put(
                .tokens, Octets.key(bucket).span, TokenBucket.encoded(Array(records[start..<end]), scheme).span)
            start = end
        }
    }
}
