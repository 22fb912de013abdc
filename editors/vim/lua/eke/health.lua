--- :checkhealth eke: what is there, what is missing, what to do; at the end `eke doctor` has its say about key and endpoint.
local M = {}

function M.check()
  local health, eke, client = vim.health, require('eke'), require('eke.client')
  health.start('eke: Neovim')
  if vim.fn.has('nvim-0.10') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.10 or later is needed')
  end
  health.info('Tab in Insert mode: ' .. (eke.option('tab') and 'takes completions' or 'not mapped by eke'))

  health.start('eke: server')
  local command = eke.option('command')
  if vim.fn.executable(command[1]) == 0 then
    health.error(command[1] .. ' is not on the PATH', { 'install eke', "or set g:eke_command = ['/path/to/eke', 'serve']" })
    return
  end
  health.ok(vim.fn.exepath(command[1]))
  if client.state == 'running' then
    local here = client.client()
    health.ok(('running, version %s, positions in %s, %d documents'):format(client.version(), here.offset_encoding,
      #vim.tbl_keys(here.attached_buffers)))
  else
    health.warn('it is ' .. client.state, { ':EkeRestart' })
  end
  if client.status.message ~= '' then
    health.info(client.status.message)
  end
  for _, line in ipairs({ unpack(eke.log, math.max(1, #eke.log - 9)) }) do
    health.info(line)
  end

  health.start('eke: key and endpoint (' .. command[1] .. ' doctor)')
  local done = vim.system({ command[1], 'doctor' }, { text = true, env = eke.option('env'), timeout = 20000 }):wait()
  for _, line in ipairs(vim.split(vim.trim((done.stdout or '') .. (done.stderr or '')), '\n')) do
    health.info(line)
  end
  if done.code == 0 then
    health.ok('nothing is wrong')
  else
    health.error('see above')
  end
end

return M
