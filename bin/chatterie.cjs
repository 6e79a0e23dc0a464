#!/usr/bin/env node
// What the command `chatterie` starts. Any Node can read this file, so that one that is too old says so in a line.
'use strict'

// biome-ignore-start lint/style/useNodejsImportProtocol: an old Node knows them without the prefix alone
const { existsSync } = require('fs')
const { join } = require('path')
// biome-ignore-end lint/style/useNodejsImportProtocol: an old Node knows them without the prefix alone

const version = process.versions.node.split('.').map(Number)
const isRecent = version[0] > 22 || (version[0] === 22 && version[1] >= 18)
const isRepository = existsSync(join(__dirname, '..', 'src'))

if (isRecent || isRepository) {
  import('./chatterie.mjs')
} else {
  process.stderr.write(`Chatterie needs Node 22.18 or later, and this is Node ${process.versions.node}\n`)
  process.exit(1)
}
