// A service as one is written with openid-client: it signs people in with Hwb, and hears who is out.
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env
const own = `http://localhost:${PORT}`
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
  execute: [client.allowInsecureRequests], // http, on this machine's loopback only
})
const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
let pending, tokens, told
const heard = []

async function signIn () {
  const verifier = client.randomPKCECodeVerifier()
  pending = { verifier, state: client.randomState(), nonce: client.randomNonce() }
  return client.buildAuthorizationUrl(config, {
    redirect_uri: `${own}/back`,
    scope: 'openid profile email roles organisation age_band offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: pending.state,
    nonce: pending.nonce,
    max_age: '3600',
  })
}

async function back (url) {
  tokens = await client.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: pending.verifier,
    expectedState: pending.state,
    expectedNonce: pending.nonce,
    maxAge: 3600,
    idTokenExpected: true,
  })
  told = tokens.claims()
  return { claims: told, userinfo: await client.fetchUserInfo(config, tokens.access_token, told.sub) }
}

async function hear (request) {
  let body = ''
  for await (const part of request) body += part
  const token = new URLSearchParams(body).get('logout_token')
  const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: CLIENT_ID, typ: 'logout+jwt' })
  if (!payload.events?.['http://schemas.openid.net/event/backchannel-logout'] || payload.nonce) throw new Error('events')
  heard.push({ sub: payload.sub, sid: payload.sid })
}

async function answer (request, response) {
  const url = new URL(request.url, own)
  const lead = (to) => response.writeHead(302, { location: to.href }).end()
  const show = (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  switch (url.pathname) {
    case '/sign-in': return lead(await signIn())
    case '/back': return show(await back(url))
    case '/refresh':
      tokens = { ...tokens, ...await client.refreshTokenGrant(config, tokens.refresh_token) }
      return show({ userinfo: await client.fetchUserInfo(config, tokens.access_token, told.sub) })
    case '/introspect': return show(await client.tokenIntrospection(config, tokens.access_token))
    case '/sign-out': return lead(client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token, post_logout_redirect_uri: `${own}/bye`, state: 'bye',
    }))
    case '/bye': return show({ bye: url.searchParams.get('state') })
    case '/out': await hear(request); return response.writeHead(200).end()
    case '/heard': return show(heard)
    default: return response.writeHead(404).end()
  }
}

createServer((request, response) => answer(request, response).catch((error) => {
  response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.error ?? error.code ?? String(error) }))
})).listen(Number(PORT), 'localhost')
