import Curvature
import Networks
import Tensors
import Testing

@Suite struct ParameterSelectionTests {
  private func names(_ selection: ParameterSelection, _ network: Network) -> [String] {
    selection.parameters(of: network).map(\.name)
  }

  @Test func selections() throws {
    let network = try SmallProblem.network()
    let all = try ParameterSelection.all(of: network)
    #expect(all.pattern == nil && all.dimension(of: network) == network.parameterCount)
    #expect(all.indices == Array(network.parameters.indices))
    #expect(names(try .parameter("0.bias", of: network), network) == ["0.bias"])
    #expect(names(try .layer("0", of: network), network) == ["0.weight", "0.bias"])
    #expect(
      names(try .layer("2", of: network), network) == [
        "2.body.0.weight", "2.body.0.bias", "2.body.2.weight", "2.body.2.bias",
      ])
    #expect(
      names(try .matching("weight$", of: network), network) == [
        "0.weight", "2.body.0.weight", "2.body.2.weight", "3.weight",
      ])
    // A pattern matches anywhere, an anchored one whole names.
    #expect(names(try .matching("body", of: network), network).count == 4)
    #expect(names(try .matching("^[03]\\.", of: network), network).count == 4)
    let selection = try ParameterSelection.matching("^3.weight$", of: network)
    #expect(selection.pattern == "^3.weight$" && selection.dimension(of: network) == 28)
  }

  /// Part of a name is neither a layer nor a parameter.
  @Test func mistakesNameTheParameters() throws {
    let network = try SmallProblem.network()
    let mistakes: [() throws -> ParameterSelection] = [
      { try .parameter("0", of: network) }, { try .parameter("0.Weight", of: network) },
      { try .layer("2.bod", of: network) },
      { try .layer("", of: network) }, { try .matching("kernel", of: network) },
    ]
    for mistake in mistakes {
      let error = #expect(throws: InputError.self) { try mistake() }
      #expect(error?.remedy?.contains("2.body.0.weight") == true && error?.place?.contains("--params") == true)
    }
  }

  @Test func aPatternThatIsNoPattern() throws {
    let network = try SmallProblem.network()
    let error = #expect(throws: InputError.self) { try ParameterSelection.matching("(weight", of: network) }
    #expect(error?.problem.contains("(weight") == true)
  }

  @Test func aNetworkWithoutParameters() throws {
    let network = try Network(input: [3], seed: 0) { Tanh() }
    #expect(throws: InputError.self) { try ParameterSelection.all(of: network) }
  }
}
