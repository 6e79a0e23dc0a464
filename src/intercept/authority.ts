// Creates the certificate authority of one run, and the only certificate that it signs.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'

export interface Certificates {
  /** In PEM, the authority for clients to trust, restricted to the names and their subdomains. */
  authority: string
  /** In PEM, a certificate for all of the names, signed by the authority; and its key. */
  certificate: string
  key: string
}

/** Runs are shorter; clocks elsewhere may be slightly behind. */
const validMs = 7 * 24 * 3_600_000
const behindMs = 3_600_000

const commonName = '2.5.4.3'
const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

/**
 * Creates an authority and a certificate for `names`, valid for a week. The authority's key exists only within this
 * function, so nobody can use it to sign anything else.
 */
export function makeCertificates(names: string[]): Certificates {
  const ca = newIdentity(`Chatterie, intercepting in run ${randomBytes(6).toString('hex')}`)
  const server = newIdentity(names[0] as string)
  const authority = certify(ca, ca, [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
    extension(id_ce_nameConstraints, permitting(names), true),
  ])
  const certificate = certify(server, ca, [
    extension(id_ce_basicConstraints, new BasicConstraints(), true),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectAltName, new SubjectAlternativeName(names.map(dnsName))),
    extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier: ca.identifier })),
  ])
  return {
    authority,
    certificate,
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

interface Identity {
  name: Name
  privateKey: KeyObject
  publicKey: SubjectPublicKeyInfo
  identifier: KeyIdentifier
}

function newIdentity(name: string): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return {
    name: new Name([
      new RelativeDistinguishedName([
        new AttributeTypeAndValue({ type: commonName, value: new AttributeValue({ utf8String: name }) }),
      ]),
    ]),
    privateKey,
    publicKey: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    identifier: new KeyIdentifier(createHash('sha256').update(spki).digest().subarray(0, 20)), // [RFC 7093 section 2]
  }
}

/** @returns PEM */
function certify(subject: Identity, issuer: Identity, extensions: Extension[]): string {
  const now = Date.now()
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 })
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: signatureAlgorithm,
    issuer: issuer.name,
    validity: new Validity({ notBefore: new Date(now - behindMs), notAfter: new Date(now + validMs) }),
    subject: subject.name,
    subjectPublicKeyInfo: subject.publicKey,
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(subject.identifier)),
    ]),
  })
  const signed = Buffer.from(AsnConvert.serialize(tbsCertificate))
  const signatureValue = new Uint8Array(sign('sha256', signed, issuer.privateKey)).buffer
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue })
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, (line) => `${line}\n`)}\n-----END CERTIFICATE-----\n`
}

/** Returns a positive serial number without leading zeros [RFC 5280 section 4.1.2.2]. */
function serialNumber(): ArrayBuffer {
  return new Uint8Array([0x40, ...randomBytes(15)]).buffer
}

function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
}

function permitting(names: string[]): NameConstraints {
  const subtrees = names.map((name) => new GeneralSubtree({ base: dnsName(name) }))
  return new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) })
}

const dnsName = (name: string) => new GeneralName({ dNSName: name })
