#!/usr/bin/env bash
# A real SAML identity provider for the browser tests: Debian's SimpleSAMLphp under PHP's own web server, on loopback, with
# everything that it keeps below one directory. Stays in the foreground; whoever started it ends it.
#
#   end2end/idp/saml.sh DIRECTORY PORT
#
# What the tests write there, before or while it runs, counts from the next request on:
#   idp.key, idp.crt     what it signs with; made if they are not there
#   users.json           {"name:password": {"email": ["…"], …}}: who can sign in there, with their attributes
#   sp/NAME.json         a service provider: entityId, acs, slo, certificate (base64, or empty), isEncrypted, isAsked (whether it
#                        checks the signatures of requests), signsAssertion, signsResponse
# Its entity id is http://127.0.0.1:PORT/saml2/idp/metadata.php, and its metadata is there.
set -euo pipefail
directory=$(realpath -m "${1:?directory}")
port=${2:?port}
here="http://127.0.0.1:$port"
programs=/usr/share/simplesamlphp/www

mkdir -p "$directory"/{config,metadata,log,data,tmp,sp}
[ -f "$directory/users.json" ] || echo '{}' >"$directory/users.json"
[ -f "$directory/idp.key" ] ||
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=idp -keyout "$directory/idp.key" -out "$directory/idp.crt" 2>/dev/null

cat >"$directory/config/config.php" <<PHP
<?php
// Newer PHP than this release was made for has much to say about it.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING);
ini_set('display_errors', '0');
\$config = [
    'baseurlpath' => '$here/',
    'application' => ['baseURL' => '$here'],
    'certdir' => '$directory/',
    'datadir' => '$directory/data/',
    'loggingdir' => '$directory/log/',
    'tempdir' => '$directory/tmp',
    'secretsalt' => '$(openssl rand -hex 16)',
    'auth.adminpassword' => '$(openssl rand -hex 16)',
    'technicalcontact_email' => 'nobody@example.org',
    'timezone' => 'UTC',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.cookie.secure' => false,
    'session.phpsession.savepath' => '$directory/tmp',
    'store.type' => 'sql',
    'store.sql.dsn' => 'sqlite:$directory/data/store.sqlite',
    'language.default' => 'en',
    'language.available' => ['en'],
    'logging.handler' => 'file',
    'logging.level' => 5,
    'logging.logfile' => 'idp.log',
    'showerrors' => true,
    'production' => true,
    'admin.checkforupdates' => false,
    'metadata.sources' => [['type' => 'flatfile', 'directory' => '$directory/metadata']],
];
PHP

cat >"$directory/config/authsources.php" <<PHP
<?php
\$people = json_decode(file_get_contents('$directory/users.json'), true);
\$config = ['people' => ['exampleauth:UserPass'] + \$people];
PHP

cat >"$directory/metadata/saml20-idp-hosted.php" <<'PHP'
<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    'redirect.sign' => true,
];
PHP

cat >"$directory/metadata/saml20-sp-remote.php" <<PHP
<?php
\$format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
foreach (glob('$directory/sp/*.json') as \$file) {
    \$sp = json_decode(file_get_contents(\$file), true);
    \$metadata[\$sp['entityId']] = [
        'AssertionConsumerService' => \$sp['acs'],
        'SingleLogoutService' => \$sp['slo'],
        'certData' => \$sp['certificate'],
        'NameIDFormat' => \$format,
        'authproc' => [5 => ['class' => 'saml:AttributeNameID', 'attribute' => 'email', 'Format' => \$format]],
        'saml20.sign.assertion' => \$sp['signsAssertion'],
        'saml20.sign.response' => \$sp['signsResponse'],
        'assertion.encryption' => \$sp['isEncrypted'],
        'validate.authnrequest' => \$sp['isAsked'],
        'redirect.validate' => \$sp['isAsked'],
        'sign.logout' => true,
    ];
}
PHP

# The web server of PHP knows no addresses with a path behind the name of a program, of which SimpleSAMLphp has many.
cat >"$directory/router.php" <<PHP
<?php
error_reporting(E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING);
\$path = parse_url(\$_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (!preg_match('#^(/[^?]*?\.php)(/.*)?\$#', \$path, \$parts) || !is_file('$programs' . \$parts[1])) {
    return false;
}
\$_SERVER['SCRIPT_NAME'] = \$_SERVER['PHP_SELF'] = \$parts[1];
\$_SERVER['SCRIPT_FILENAME'] = '$programs' . \$parts[1];
unset(\$_SERVER['PATH_INFO']);
if (!empty(\$parts[2])) {
    \$_SERVER['PATH_INFO'] = \$parts[2];
}
chdir(dirname(\$_SERVER['SCRIPT_FILENAME']));
require \$_SERVER['SCRIPT_FILENAME'];
return true;
PHP

export SIMPLESAMLPHP_CONFIG_DIR="$directory/config"
exec php -d display_errors=0 -d session.save_path="$directory/tmp" -S "127.0.0.1:$port" -t "$programs" "$directory/router.php" \
    >>"$directory/log/php.log" 2>&1
