import Analyses
import Foundation
import Testing

@Suite struct ConditioningBoundTests {
  private let holding = Assumption("one", holds: true, detail: "1")
  private let failing = Assumption("two", holds: false, detail: "2")

  @Test func failedAssumptionsLeaveNoValue() throws {
    var evaluations = 0
    let bound = ConditioningBound(name: "a", assumptions: [holding, failing]) {
      evaluations += 1
      return 1
    }
    #expect(bound.value == nil && !bound.isApplicable && evaluations == 0)
    #expect(bound.failedAssumptions == [failing])
    #expect(try JSONDecoder().decode(ConditioningBound.self, from: JSONEncoder().encode(bound)) == bound)
  }

  @Test(arguments: [Double.infinity, .nan])
  func valuesThatAreNotFiniteAreFailures(_ value: Double) {
    let bound = ConditioningBound(name: "a", assumptions: [holding]) { value }
    #expect(bound.value == nil && bound.failedAssumptions.count == 1)
  }

  @Test func valuesNeedNoAssumptionsBeyondThoseNamed() {
    #expect(ConditioningBound(name: "a", relation: .prediction, assumptions: []) { 2 }.value == 2)
  }

  /// The prediction tends to one, from above.
  @Test func largeWidthLimit() throws {
    var last = Double.infinity
    for width in [32, 128, 512, 2048, 1 << 20, 1 << 30] {
      let prediction = LargeWidthPrediction.twoLayerWhite(inputs: 16, width: width, outputs: 4)
      let value = try #require(prediction.value)
      #expect(prediction.relation == .prediction && value > 1 && value < last)
      last = value
    }
    #expect(last < 1.001)
  }
}
