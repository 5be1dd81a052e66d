import Glibc
import TestSupport
import Testing

@testable import Bayes

/// Where values lie is remembered for the snapshot in which they were found, and for no other.
@Suite struct BucketPlacesTests {
    private static func withPlaces(_ body: (inout BucketPlaces, UnsafeBufferPointer<UInt8>) -> Void) {
        var places = BucketPlaces(snapshot: 7)
        let bytes: [UInt8] = [1, 2, 3]
        bytes.withUnsafeBufferPointer { body(&places, $0) }
    }

    @Test(arguments: [UInt64(0), 1, 1000, UInt64(BucketPlaces.limit) - 1])
    func whatWasKeptIsFound(_ number: UInt64) {
        Self.withPlaces { places, value in
            #expect(places.place(of: number) == nil)
            places.keep(number, value)
            let found = places.place(of: number)
            #expect(found?.baseAddress == value.baseAddress && found?.count == 3)
            // Room that was made for others says nothing of them.
            for other in [0, 1, number / 2, number + 1, number * 2 + 1] where other != number {
                #expect(places.place(of: other) == nil, "\(other)")
            }
            places.keep(number, UnsafeBufferPointer(rebasing: value[1...]))
            #expect(places.place(of: number)?.count == 2)
        }
    }

    @Test(arguments: [UInt64(BucketPlaces.limit), UInt64(BucketPlaces.limit) + 1, UInt64.max])
    func whatIsBeyondTheLimitIsLookedForEachTime(_ number: UInt64) {
        Self.withPlaces { places, value in
            places.keep(number, value)
            #expect(places.place(of: number) == nil)
            places.keep(UInt64(BucketPlaces.limit) - 1, value)
            #expect(places.place(of: number) == nil)
        }
    }

    @Test func aValueOfNothingIsNoPlace() {
        Self.withPlaces { places, _ in
            places.keep(3, UnsafeBufferPointer(start: nil, count: 0))
            #expect(places.place(of: 3) == nil)
        }
    }

    /// Values move when they are written: the next reader sees the new ones, one that began before the old ones.
    @Test func readersSeeTheirSnapshot() throws {
        let scratch = try Scratch(.memory)
        let store = try LMDBStore(directory: scratch.path + "/bayes", firstMapSize: 1 << 20)
        let numbers = (0..<200).map { UInt64($0) } + [UInt64(BucketPlaces.limit) + 5, 1 << 40]
        func write(_ value: UInt8, count: Int, _ numbers: some Sequence<UInt64>) throws {
            try store.write { writing throws(StoreError) in
                let bytes = [UInt8](repeating: value, count: count)
                for number in numbers { try writing.put(.tokens, Octets.key(number).span, bytes.span) }
            }
        }
        func values(_ reading: any StoreReading) throws(StoreError) -> [[UInt8]] {
            var found = [[UInt8]](repeating: [], count: numbers.count)
            try reading.look(.tokens, numbers: numbers) { place, value in
                found[place] = value.withUnsafeBufferPointer { Array($0) }
            }
            return found
        }
        func all() throws -> [[UInt8]] {
            var found: [[UInt8]] = []
            try store.read { reading throws(StoreError) in found = try values(reading) }
            return found
        }
        func same(_ value: UInt8, _ count: Int) -> [[UInt8]] {
            [[UInt8]](repeating: [UInt8](repeating: value, count: count), count: numbers.count)
        }
        try write(1, count: 100, numbers)
        // What was found is looked at again.
        #expect(try all() == same(1, 100) && all() == same(1, 100))
        try write(2, count: 300, numbers)
        #expect(try all() == same(2, 300))
        // A writer between two looks of one reader.
        var (before, after): ([[UInt8]], [[UInt8]]) = ([], [])
        try store.read { reading throws(StoreError) in
            before = try values(reading)
            let thread = Result { try onAnotherThread { try write(3, count: 900, numbers.prefix(100)) } }
            if case .failure(let error) = thread { throw .failed("\(error)") }
            after = try values(reading)
        }
        #expect(before == same(2, 300) && after == before)
        #expect(try all() == Array(same(3, 900)[..<100] + same(2, 300)[100...]))
        // Nothing of a transaction that fails, and what is gone is gone.
        #expect(throws: StoreError.self) {
            try store.write { writing throws(StoreError) in
                for number in numbers { try writing.remove(.tokens, Octets.key(number).span) }
                throw .failed("on purpose")
            }
        }
        #expect(try all()[150] == [UInt8](repeating: 2, count: 300))
        try store.write { writing throws(StoreError) in try writing.remove(.tokens, Octets.key(150).span) }
        #expect(try all()[150].isEmpty && all()[151].count == 300)
    }

    /// A thread has one transaction at a time.
    private func onAnotherThread(_ body: () throws -> Void) throws {
        try withoutActuallyEscaping(body) { body in
            final class Box: @unchecked Sendable {
                let body: () throws -> Void
                var failure: (any Error)?
                init(_ body: @escaping () throws -> Void) { self.body = body }
            }
            let box = Box(body)
            var thread = pthread_t()
            let argument = Unmanaged.passUnretained(box).toOpaque()
            try #require(
                pthread_create(
                    &thread, nil,
                    { argument in
                        guard let argument else { return nil }
                        let box = Unmanaged<Box>.fromOpaque(argument).takeUnretainedValue()
                        do { try box.body() } catch { box.failure = error }
                        return nil
                    }, argument) == 0)
            pthread_join(thread, nil)
            if let failure = box.failure { throw failure }
        }
    }
}
