"""`core_webservice_get_site_info`: who the token is, and what it may call."""

from rostersync.sandbox.call import Call, Function, Json
from rostersync.sandbox.parameters import Structure


def site_info(call: Call) -> Json:
    """`core_webservice_get_site_info` (recording 1)."""
    state = call.state
    account = state.users.rows[state.token_userid]
    return {
        "sitename": call.shown(state.site["name"]),
        "username": account.username,
        "firstname": account.firstname,
        "lastname": account.lastname,
        "fullname": account.fullname,
        "lang": "en",
        "userid": account.id,
        "siteurl": state.site["url"],
        "userpictureurl": f"{state.site['url']}/theme/image.php/boost/core/1/u/f1",
        "functions": [{"name": name, "version": state.version} for name in state.functions],
        "downloadfiles": 0,
        "uploadfiles": 0,
        "release": state.release,
        "version": state.version,
        "siteid": 1,
        "userissiteadmin": False,
        "theme": "boost",
        "limitconcurrentlogins": 0,
    }


FUNCTIONS = (Function(name="core_webservice_get_site_info", takes=Structure(), run=site_info),)
