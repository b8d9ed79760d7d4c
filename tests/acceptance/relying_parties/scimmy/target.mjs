// A service as one is written with SCIMMY: it takes users and groups by SCIM, and keeps them in memory.
// It has no extension of ours: SCIMMY 1.3 takes those of urn:ietf alone. PORT, TOKEN. /all tells what it has, as JSON.
import express from 'express'
import SCIMMY from 'scimmy'
import SCIMMYRouters from 'scimmy-routers'

const kept = { User: new Map(), Group: new Map() }
let last = 0

function handlersOf(kind) {
  const things = kept[kind]
  return {
    egress: (resource) => {
      if (resource.id) {
        if (!things.has(resource.id)) throw new SCIMMY.Types.Error(404, null, 'not here')
        return things.get(resource.id)
      }
      const all = [...things.values()]
      return resource.filter ? resource.filter.match(all) : all
    },
    ingress: (resource, data) => {
      const id = resource.id ?? String(++last)
      if (resource.id && !things.has(id)) throw new SCIMMY.Types.Error(404, null, 'not here')
      const name = kind === 'User' ? 'userName' : 'displayName'
      for (const other of things.values()) {
        if (other.id !== id && other[name] === data[name]) throw new SCIMMY.Types.Error(409, 'uniqueness', 'taken')
      }
      things.set(id, { ...JSON.parse(JSON.stringify(data)), id })
      return things.get(id)
    },
    degress: (resource) => { things.delete(resource.id) },
  }
}

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser.definition, false)
SCIMMY.Resources.declare(SCIMMY.Resources.User, handlersOf('User'))
SCIMMY.Resources.declare(SCIMMY.Resources.Group, handlersOf('Group'))

const app = express()
app.get('/all', (_request, response) => response.json({ User: [...kept.User.values()], Group: [...kept.Group.values()] }))
app.use('/scim/v2', new SCIMMYRouters({
  type: 'bearer',
  handler: (request) => {
    if (request.header('Authorization') !== `Bearer ${process.env.TOKEN}`) throw new Error('no')
    return 'hwb'
  },
}))
app.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write('ready\n'))
