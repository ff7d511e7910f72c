# make demo   builds Ritz and shows the Hessian spectrum of a small network
# make test   builds and runs the tests
# make        builds the command: .build/release/ritz

CONFIGURATION = release
TEST_BUILD = .build/tests
RITZ = .build/$(CONFIGURATION)/ritz

.PHONY: all build demo test lint format fuzz install dependencies clean

all: build

# oneDNN, OpenBLAS, zlib and librsvg: installed where missing, or named.
dependencies:
	@scripts/install-dependencies

build: dependencies
	swift build -c $(CONFIGURATION) --product ritz

demo: build
	$(RITZ) demo --output runs/demo

# Numerical tests run optimised; a scratch path of their own keeps the command's build as it is.
test: dependencies
	swift test -c release -Xswiftc -enable-testing --scratch-path $(TEST_BUILD)

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

# Mutated model and data files; SECONDS_EACH bounds each target.
SECONDS_EACH = 60
fuzz: dependencies
	Fuzz/run.sh $(SECONDS_EACH)

PREFIX = /usr/local
install: build
	install -D $(RITZ) $(PREFIX)/bin/ritz

clean:
	rm -rf .build Fuzz/.build runs
