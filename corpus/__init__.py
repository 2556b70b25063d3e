"""The duty list as data: model, parser, store and lint. Imports nothing of ours."""
