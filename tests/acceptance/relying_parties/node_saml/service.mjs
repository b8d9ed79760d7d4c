// A service as one is written with node-saml: it signs people in with Hwb, out again, and hears by SOAP who is out.
import { createServer } from 'node:http'
import { SAML } from '@node-saml/node-saml'

const { HWB, ENTITY, CERTIFICATE, KEY, PORT } = process.env
const own = `http://localhost:${PORT}`
const saml = new SAML({
  issuer: ENTITY,
  callbackUrl: `${own}/acs`,
  entryPoint: `${HWB}/saml/sign-in`,
  logoutUrl: `${HWB}/saml/sign-out`,
  idpCert: CERTIFICATE,
  idpIssuer: `${HWB}/api/saml/metadata`,
  privateKey: KEY,
  signatureAlgorithm: 'sha256',
  digestAlgorithm: 'sha256',
  identifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  wantAuthnResponseSigned: true,
  wantAssertionsSigned: true,
  audience: ENTITY,
  validateInResponseTo: 'always',
})
const heard = []
let profile

async function body (request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

// node-saml knows no SOAP, but checks the request that is in the envelope as one that came by HTTP-POST.
async function told (envelope) {
  const [message] = envelope.match(/<(\w+:)?LogoutRequest[\s\S]*LogoutRequest>/)
  const { profile: out } = await saml.validatePostRequestAsync({ SAMLRequest: Buffer.from(message).toString('base64') })
  if (profile?.nameID === out.nameID) profile = undefined
  return { nameID: out.nameID, sessionIndex: out.sessionIndex }
}

const done = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<p:LogoutResponse xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><p:Status>
<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status></p:LogoutResponse></s:Body></s:Envelope>`

async function answer (request, response) {
  const url = new URL(request.url, own)
  const lead = to => response.writeHead(302, { Location: to }).end()
  const show = what => response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(what))
  if (url.pathname === '/sign-in') return lead(await saml.getAuthorizeUrlAsync('here', undefined, {}))
  if (url.pathname === '/acs') {
    const sent = Object.fromEntries(new URLSearchParams(await body(request)))
    profile = (await saml.validatePostResponseAsync(sent)).profile
    const { getAssertionXml, getAssertion, getSamlResponseXml, ...told } = profile
    return show({ ...told, relay: sent.RelayState })
  }
  if (url.pathname === '/sign-out') return lead(await saml.getLogoutUrlAsync(profile, 'bye', {}))
  if (url.pathname === '/out') {
    const query = Object.fromEntries(url.searchParams)
    return show({ out: (await saml.validateRedirectAsync(query, url.search.slice(1))).loggedOut, relay: query.RelayState })
  }
  if (url.pathname === '/soap') {
    heard.push(await told(await body(request)))
    return response.writeHead(200, { 'Content-Type': 'text/xml' }).end(done)
  }
  if (url.pathname === '/who') return show({ who: profile?.nameID ?? null })
  show(heard)
}

createServer((request, response) => {
  answer(request, response).catch(error => response.writeHead(200).end(JSON.stringify({ error: error.message })))
}).listen(Number(PORT), '127.0.0.1')
