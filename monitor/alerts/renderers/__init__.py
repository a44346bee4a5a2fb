"""How a notification is written for each kind of channel. Pure; `render.render` chooses among them."""
