#!/usr/bin/env node
// The entry point of the command `chatterie`. Every Node can parse this file, so that old versions get a clear message.
'use strict'

// biome-ignore-start lint/style/useNodejsImportProtocol: an old Node knows these modules only without the prefix
const { existsSync } = require('fs')
const { join } = require('path')
// biome-ignore-end lint/style/useNodejsImportProtocol: an old Node knows these modules only without the prefix

const version = process.versions.node.split('.').map(Number)
const isRecent = version[0] > 22 || (version[0] === 22 && version[1] >= 18)
const isRepository = existsSync(join(__dirname, '..', 'src'))

if (isRecent || isRepository) {
  import('./chatterie.mjs')
} else {
  process.stderr.write(`Chatterie needs Node 22.18 or later, and this is Node ${process.versions.node}\n`)
  process.exit(1)
}
