// What a member of a group says goes to all tabs of all members, on every node. Who says it is
// whom the token names: a page cannot speak as somebody else.

const TEXT_MAX = 2000

export default (mesh) => {
  mesh.on('chat/say', async ({details: [text], user, groups: [group], send, reply, error}) => {
    if (!user || !group) return error(403, 'Only members of a group can talk here')
    if (typeof text !== 'string' || !text.trim()) return error(400, 'Say something')
    const said = {from: user, text: text.trim().slice(0, TEXT_MAX)}
    const {connections} = await send('chat/said', [said], {group})
    // The answer to this very call: how many tabs it reached, the speaker's own among them
    reply(connections)
  })
}
