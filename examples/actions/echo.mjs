// What a client sends comes back to its own connection: for `wsmesh siege --target echo --action echo`,
// which measures the way of an application's own actions.
// Try it: wsmesh serve --actions examples/actions/echo.mjs

export default (mesh) => {
  mesh.on('echo', ({details, reply}) => reply(details))
}
