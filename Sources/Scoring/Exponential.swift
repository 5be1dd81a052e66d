/// Natural logarithm and exponential function in plain Swift: the same bits on every machine, no C library. Errors are
/// below 1e-13 of the value.
package enum Exponential {
    /// ln(x); for what is not above 0 the logarithm of the smallest number.
    package static func logarithm(_ x: Double) -> Double {
        guard x > 0 else { return -744 }
        guard x.isFinite else { return 710 }
        var significand = x.significand
        var exponent = Double(x.exponent)
        if significand > 1.414213562373095 {
            significand /= 2
            exponent += 1
        }
        // ln((1 + t) / (1 - t)) = 2 (t + t^3/3 + t^5/5 + ...), here with t below 0.172.
        let t = (significand - 1) / (significand + 1)
        let square = t * t
        var sum = 0.0
        var divisor = 21.0
        while divisor >= 1 {
            sum = sum * square + 1 / divisor
            divisor -= 2
        }
        return exponent * 0.6931471805599453 + 2 * t * sum
    }

    /// e^x, from 0 to the largest number.
    package static func power(_ x: Double) -> Double {
        guard x > -745 else { return 0 }
        guard x < 709 else { return .greatestFiniteMagnitude }
        let exponent = (x * 1.4426950408889634).rounded()
        let rest = x - exponent * 0.6931471805599453
        var sum = 1.0
        var divisor = 14.0
        while divisor >= 1 {
            sum = sum * rest / divisor + 1
            divisor -= 1
        }
        return exponent < -1022
            ? sum * Double(sign: .plus, exponent: Int(exponent) + 100, significand: 1) * 0x1p-100
            : sum * Double(sign: .plus, exponent: Int(exponent), significand: 1)
    }

    /// 1 / (1 + e^-x).
    package static func logistic(_ x: Double) -> Double {
        x >= 0 ? 1 / (1 + power(-x)) : power(x) / (1 + power(x))
    }
}
