// What the publisher of a bench may do at a node of wsmesh: the same as at every peer.

export default (mesh) => {
  mesh.on('all', ({details: [text], send}) => send('m', [text], {everyone: true}))
  mesh.on('group', ({details: [text, group], send}) => send('m', [text], {group}))
  mesh.on('user', ({details: [text, user], send}) => send('m', [text], {user}))
}
