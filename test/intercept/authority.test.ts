import { X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate, id_ce_nameConstraints, NameConstraints } from '@peculiar/asn1-x509'
import { expect, it } from 'vitest'
import { makeCertificates } from '#intercept/authority.ts'

const names = ['api.example.com', 'auth.example.com']
const made = makeCertificates(names)
const authority = new X509Certificate(made.authority)
const certificate = new X509Certificate(made.certificate)

it('the certificate is valid for the names, for a week, and cannot sign others', () => {
  expect(certificate.verify(authority.publicKey) && certificate.checkIssued(authority)).toBe(true)
  expect(certificate.subjectAltName).toBe('DNS:api.example.com, DNS:auth.example.com')
  expect(certificate.checkHost('example.com')).toBeUndefined()
  expect(certificate.ca).toBe(false)
  const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 86_400_000
  expect(days).toBeCloseTo(7, 0)
})

it('the authority signs for the names only, and is a new one in each run', () => {
  expect(authority.ca).toBe(true)
  const { tbsCertificate } = AsnConvert.parse(authority.raw, Certificate)
  const constraints = tbsCertificate.extensions?.find(({ extnID }) => extnID === id_ce_nameConstraints)
  expect(constraints?.critical).toBe(true)
  const { permittedSubtrees } = AsnConvert.parse(constraints?.extnValue ?? Buffer.of(), NameConstraints)
  expect(permittedSubtrees?.map(({ base }) => base.dNSName)).toEqual(names)
  const other = new X509Certificate(makeCertificates(names).authority)
  expect(other.subject).not.toBe(authority.subject)
  expect(other.fingerprint256).not.toBe(authority.fingerprint256)
})
