"""Long work beside runs: audits, ablations, the museum, benchmarks, migrations and exports."""
